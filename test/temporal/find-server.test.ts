import { execa } from "execa";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { describeFailure } from "../../src/failures.ts";
import { findTemporal, temporalVersion } from "../../src/temporal/find-server.ts";

const temporal = '#!/bin/sh\necho "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"\n';

let directory: string;
let said: string[];
let servers: Server[];
const say = (line: string) => void said.push(line);
const cache = () => join(directory, "cache", "firedrill");
const cached = () => join(cache(), `temporal-${temporalVersion}`, "temporal");

/** PATH holds only the programs that unpacking needs: no temporal, no go. */
beforeEach(async () => {
  said = [];
  servers = [];
  directory = await mkdtemp(join(tmpdir(), "firedrill-find-"));
  await mkdir(join(directory, "bin"));
  for (const name of ["tar", "gzip"]) {
    const { stdout } = await execa("/bin/sh", ["-c", `command -v ${name}`]);
    await symlink(stdout, join(directory, "bin", name));
  }
  vi.stubEnv("PATH", join(directory, "bin"));
  vi.stubEnv("XDG_CACHE_HOME", join(directory, "cache"));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await rm(directory, { recursive: true });
});

async function addProgram(path: string, text: string): Promise<void> {
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, text, { mode: 0o755 });
}

/** A `go` that puts a program where `go install` would. */
async function addGo(program = temporal): Promise<void> {
  await writeFile(join(directory, "built"), program, { mode: 0o755 });
  await addProgram(join(directory, "bin", "go"), `#!/bin/sh\n/bin/cp ${directory}/built "$GOBIN/temporal"\n`);
}

async function archiveWith(program: string): Promise<Buffer> {
  await addProgram(join(directory, "archive", "temporal"), program);
  const { stdout } = await execa("tar", ["-czf", "-", "-C", join(directory, "archive"), "temporal"], {
    encoding: "buffer",
  });
  return Buffer.from(stdout);
}

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/cli/archive`;
}

const unreachable = "http://nowhere.invalid/cli/archive";

test("takes the program on PATH and passes over others of the same name", async () => {
  await addProgram(join(directory, "other", "temporal"), "#!/bin/sh\necho another program\n");
  await addProgram(join(directory, "good", "temporal"), temporal);
  vi.stubEnv("PATH", `${directory}/other:${directory}/good`);
  expect(await findTemporal(say, unreachable)).toBe(join(directory, "good", "temporal"));
  expect(said).toEqual([]);
});

test("takes the program in the cache and says nothing", async () => {
  await addProgram(cached(), temporal);
  expect(await findTemporal(say, unreachable)).toBe(cached());
  expect(said).toEqual([]);
});

test("downloads the official archive for this machine and leaves only the program", async () => {
  const urls: (string | undefined)[] = [];
  const body = await archiveWith(temporal);
  const archive = await serve((request, response) => {
    urls.push(request.url);
    response.end(body);
  });
  expect(await findTemporal(say, archive)).toBe(cached());
  const architecture = process.arch === "arm64" ? "arm64" : "amd64";
  expect(urls).toEqual([`/cli/archive/v${temporalVersion}?platform=${process.platform}&arch=${architecture}`]);
  expect((await execa(cached(), ["--version"])).stdout).toContain("temporal version");
  expect(await readdir(cache())).toEqual([`temporal-${temporalVersion}`]);
  expect(await readdir(join(cached(), ".."))).toEqual(["temporal"]);
  expect(said.join("\n")).toContain(`Downloading ${archive}`);
});

test("replaces a program in the cache that does not run", async () => {
  await addProgram(cached(), "");
  const body = await archiveWith(temporal);
  const archive = await serve((_, response) => response.end(body));
  expect(await findTemporal(say, archive)).toBe(cached());
  expect(await readFile(cached(), "utf8")).toBe(temporal);
});

test("two processes that install at once do not break each other", async () => {
  const body = await archiveWith(temporal);
  const waiting: (() => void)[] = [];
  const archive = await serve((_, response) => {
    waiting.push(() => response.end(body));
    if (waiting.length === 2) for (const go of waiting) go();
  });
  expect(await Promise.all([findTemporal(say, archive), findTemporal(say, archive)])).toEqual([cached(), cached()]);
  expect(await readdir(cache())).toEqual([`temporal-${temporalVersion}`]);
});

test.each([
  [
    "is interrupted",
    /terminated|other side closed|aborted/,
    (body: Buffer): RequestListener =>
      (_, response) => {
        response.writeHead(200, { "content-length": body.length });
        response.write(body.subarray(0, body.length / 2), () => response.destroy());
      },
  ],
  [
    "ends early without a word",
    /cannot be unpacked/,
    (body: Buffer): RequestListener =>
      (_, response) =>
        response.end(body.subarray(0, body.length / 2)),
  ],
  ["is refused", /answered 403/, (): RequestListener => (_, response) => response.writeHead(403).end("no")],
  [
    "is a page of a proxy",
    /cannot be unpacked/,
    (): RequestListener => (_, response) => response.end("<html>log in first</html>"),
  ],
])("a download that %s leaves nothing, and go install follows", async (_, reason, answer) => {
  const archive = await serve(answer(await archiveWith(temporal)));
  await expect(findTemporal(say, archive)).rejects.toMatchObject({ type: "PROGRAM_MISSING" });
  expect(await readdir(cache())).toEqual([]);
  expect(said.find((line) => line.includes("download: "))).toMatch(reason);

  await addGo();
  expect(await findTemporal(say, archive)).toBe(cached());
  expect(await readdir(cache())).toEqual([`temporal-${temporalVersion}`]);
});

test("a program for another machine is not installed", async () => {
  const body = await archiveWith("#!/bin/sh\nexit 126\n");
  const archive = await serve((_, response) => response.end(body));
  await expect(findTemporal(say, archive)).rejects.toThrow("download: the program does not answer --version");
  expect(await readdir(cache())).toEqual([]);
});

test("goes on within seconds where downloads are swallowed", { timeout: 20_000 }, async () => {
  const archive = await serve(() => {});
  await addGo();
  const started = Date.now();
  expect(await findTemporal(say, archive)).toBe(cached());
  expect(Date.now() - started).toBeLessThan(7_000);
  expect(said.join("\n")).toContain("no answer in 5 s");
});

test("names the three ways and why each failed", async () => {
  await addProgram(join(directory, "bin", "go"), "#!/bin/sh\necho 'module lookup disabled' >&2\nexit 1\n");
  const failure = describeFailure(await findTemporal(say, unreachable).catch((error: unknown) => error));
  expect(failure.type).toBe("PROGRAM_MISSING");
  expect(failure.message).toContain("PATH: no program temporal");
  expect(failure.message).toMatch(/download: .*nowhere\.invalid/);
  expect(failure.message).toContain("go install: module lookup disabled");
  expect(failure.hint).toContain("TEMPORAL_ADDRESS");
  await rm(join(directory, "bin", "go"));
  await expect(findTemporal(say, unreachable)).rejects.toThrow("there is no program go on PATH");
});

test("removes what a killed installation left an hour ago, and nothing newer", async () => {
  const old = join(cache(), ".new-old");
  await mkdir(old, { recursive: true });
  await mkdir(join(cache(), ".new-now"));
  const twoHoursAgo = new Date(Date.now() - 2 * 3_600_000);
  await utimes(old, twoHoursAgo, twoHoursAgo);
  await addGo();
  await findTemporal(say, unreachable);
  expect((await readdir(cache())).sort()).toEqual([".new-now", `temporal-${temporalVersion}`]);
});

test("Ctrl-C while a program is asked who it is does not make it seem missing", async () => {
  await addProgram(join(directory, "bin", "temporal"), temporal.replace("echo", "/bin/sleep 1; echo"));
  const module = join(import.meta.dirname, "..", "..", "src", "temporal", "find-server.ts");
  const code = `process.on("SIGINT", () => {}); console.log("asking");
    const { findTemporal } = await import(${JSON.stringify(module)}); console.log(await findTemporal(console.log))`;
  const asking = execa(process.execPath, ["--input-type=module", "-e", code], { detached: true, reject: false });
  const output: string[] = [];
  for await (const line of asking) {
    output.push(line);
    if (line === "asking") setTimeout(() => process.kill(-asking.pid!, "SIGINT"), 600);
  }
  expect(output).toEqual(["asking", join(directory, "bin", "temporal")]);
});
