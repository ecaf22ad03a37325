import { execa } from "execa";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { identify } from "../../src/activities/process-identity.ts";
import { describeFailure } from "../../src/failures.ts";
import { connectClient } from "../../src/temporal/connect.ts";
import { type DevServer, startDevServer } from "../../src/temporal/dev-server.ts";
import { findTemporal } from "../../src/temporal/find-server.ts";

let directory: string;
const running: DevServer[] = [];
const say = () => {};

/** On a machine without Temporal this installs it. */
beforeAll(async () => void (await findTemporal(say)), 600_000);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "firedrill-dev-"));
});

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  await rm(directory, { recursive: true });
});

async function start(options: { port?: number; ui?: boolean } = {}): Promise<DevServer> {
  const server = await startDevServer({ directory, port: 0, uiPort: 0, ui: false, say, ...options });
  running.push(server);
  return server;
}

test.each(["file", "file/below", "/proc/firedrill"])("a directory that cannot be is said at once: %s", async (name) => {
  await writeFile(join(directory, "file"), "");
  const options = { directory: resolve(directory, name), port: 0, uiPort: 0, ui: false, say };
  const error = await startDevServer(options).catch((one: unknown) => one);
  expect(describeFailure(error)).toMatchObject({
    type: "PERMISSION_DENIED",
    message: expect.stringMatching(/in the way|can be made/) as string,
  });
});

const portOf = (server: DevServer) => Number(server.address.split(":")[1]);

test("starts on free ports, shows its UI, stops in order and keeps what it knew", { timeout: 60_000 }, async () => {
  const first = await start({ ui: true });
  expect((await fetch(first.ui ?? "")).status).toBe(200);
  const before = await connectClient({ address: first.address, namespace: "default" });
  await before.client.workflow.start("nobody", { taskQueue: "nobody", workflowId: "kept" });
  await before.close();
  await first.stop();
  expect(await first.exited).toBe(0);

  const second = await start({ port: portOf(first) });
  expect(second.address).toBe(first.address);
  expect(second.ui).toBeUndefined();
  const after = await connectClient({ address: second.address, namespace: "default" });
  expect((await after.client.workflow.getHandle("kept").describe()).status.name).toBe("RUNNING");
  await after.close();
});

test("a port in use is named, with what to do", { timeout: 30_000 }, async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const address = other.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const failure = describeFailure(await start({ port }).catch((error: unknown) => error));
  other.close();
  expect(failure).toMatchObject({ type: "CONFIG_INVALID", message: `port ${port} is in use by another program` });
  expect(failure.hint).toContain("--port");
});

test("a server that is killed tells it, and its database opens again", { timeout: 60_000 }, async () => {
  const first = await start();
  process.kill(first.pid, "SIGKILL");
  expect(await first.exited).toBe(137);
  await first.stop();
  await start();
});

test("a server that cannot start fails at once with the last words of its log", { timeout: 30_000 }, async () => {
  await writeFile(join(directory, "temporal.db"), "this is no database".repeat(1000));
  const started = Date.now();
  const failure = describeFailure(await start().catch((error: unknown) => error));
  expect(failure.type).toBe("PROGRAM_FAILED");
  expect(failure.message).toMatch(/ended with exit code 1: .*not a database/);
  expect(failure.hint).toContain(join(directory, "temporal.log"));
  expect(Date.now() - started).toBeLessThan(10_000);
});

/** A process of its own with a dev server. It exits when its input ends; it prints the server's pid and address. */
function startElsewhere() {
  const code = `const { startDevServer } = await import("./src/temporal/dev-server.ts");
    const server = await startDevServer({ directory: ${JSON.stringify(directory)}, port: 0, uiPort: 0, ui: false, say() {} });
    console.log(server.pid, server.address);
    process.stdin.resume().on("end", () => process.exit(0));`;
  return execa(process.execPath, ["--input-type=module", "--eval", code], { reject: false });
}

const runs = async (pid: string) => (await identify(Number(pid))) !== undefined;

test(
  "the terminal's Ctrl-C does not reach it, and it ends with the process that started it",
  { timeout: 30_000 },
  async () => {
    const parent = startElsewhere();
    for await (const line of parent) {
      const [pid = ""] = line.split(" ");
      const processGroup = await execa("ps", ["-o", "pgid=", "-p", pid]);
      expect(processGroup.stdout.trim()).toBe(pid);
      parent.stdin.end();
      await expect.poll(() => runs(pid), { timeout: 15_000 }).toBe(false);
    }
    expect.assertions(2);
  },
);

test(
  "a server that somebody uses keeps its directory; one whose owner was killed makes room",
  { timeout: 60_000 },
  async () => {
    const parent = startElsewhere();
    for await (const line of parent) {
      const [pid = "", address = ""] = line.split(" ");
      const failure = describeFailure(await start().catch((error: unknown) => error));
      expect(failure).toMatchObject({ type: "CONFIG_INVALID" });
      expect(failure.hint).toContain(`TEMPORAL_ADDRESS=${address}`);

      parent.kill("SIGKILL");
      await parent;
      expect(await runs(pid)).toBe(true);
      const server = await start({ port: Number(address.split(":")[1]) });
      expect(await runs(pid)).toBe(false);
      expect(server.address).toBe(address);
    }
    expect.assertions(5);
  },
);
