import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { backrest, createServer } from "../../lab/postgres.ts";
import type { LabServer } from "../../lab/postgres.ts";
import { processesBelow, sharedMemoryOf } from "../../lab/processes.ts";

const run = promisify(execFile);
let parent: string;

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), "fdl-"));
  await run("chmod", ["755", parent]);
});

afterAll(async () => await rm(parent, { recursive: true }));

async function sharedMemoryIds(): Promise<(string | undefined)[]> {
  const { stdout } = await run("ipcs", ["-m"]);
  return stdout.split("\n").map((line) => line.split(/\s+/)[1]);
}

async function connect(server: LabServer, password: string): Promise<string> {
  const client = new Client({ host: "127.0.0.1", port: server.port, user: "postgres", password, database: "postgres" });
  try {
    await client.connect();
    return "connected";
  } catch (error) {
    return String((error as { code?: string }).code);
  } finally {
    await client.end();
  }
}

test("a server has checksums and fsync, keeps a system identifier and needs the password of its file", async () => {
  const server = await createServer({ directory: join(parent, "a"), name: "shop" });
  try {
    const rows = await server.sql(
      "postgres",
      "select 1; select current_setting('fsync') f, current_setting('data_checksums') c",
    );
    expect(rows).toEqual([{ f: "on", c: "on" }]);
    expect(server.systemIdentifier).toMatch(/^\d{15,}$/);
    const mode = (await stat(server.passwordFile)).mode & 0o777;
    expect(mode).toBe(0o600);
    expect(await connect(server, (await readFile(server.passwordFile, "utf8")).trim())).toBe("connected");
    expect(await connect(server, "wrong")).toBe("28P01");
    expect(server.osUser === undefined).toBe(process.getuid?.() !== 0);
  } finally {
    await server.remove();
  }
  expect(await processesBelow(server.directory, server.clusterName)).toEqual([]);
});

test("a server that archives can be backed up with pgBackRest", async () => {
  const server = await createServer({ directory: join(parent, "b"), name: "ledger", archive: true });
  try {
    await backrest(server, "check");
    await backrest(server, "backup", "--type=full");
    const [stanza] = JSON.parse(await backrest(server, "info", "--output=json")) as [
      { status: { code: number }; backup: { database: { id: number } }[]; db: { "system-id": number }[] },
    ];
    expect(stanza.status.code).toBe(0);
    expect(stanza.backup).toHaveLength(1);
    await server.stop("fast");
    await server.start();
    expect(await server.sql("postgres", "select 1 a")).toEqual([{ a: 1 }]);
  } finally {
    await server.remove();
  }
  expect(existsSync(server.directory)).toBe(false);
});

test("remove leaves no process, file or shared memory, even when the postmaster was killed with -9", async () => {
  const server = await createServer({ directory: join(parent, "c"), name: "killed" });
  const pids = await processesBelow(server.directory, server.clusterName);
  const [pid = "0"] = (await readFile(join(server.data, "postmaster.pid"), "utf8")).split("\n");
  expect(pids).toContain(Number(pid));
  expect(pids.length).toBeGreaterThan(3);
  const segment = await sharedMemoryOf(server.data);
  expect(await sharedMemoryIds()).toContain(segment);

  process.kill(Number(pid), "SIGKILL");
  await server.remove();

  expect(await processesBelow(server.directory, server.clusterName)).toEqual([]);
  expect(await sharedMemoryIds()).not.toContain(segment);
  expect(await readdir(parent)).not.toContain("c");
});

test("a directory that is too long for the socket is refused before anything is made", async () => {
  const directory = join(parent, "x".repeat(100));
  await expect(createServer({ directory, name: "long" })).rejects.toThrow("too long for a Unix socket");
  expect(existsSync(directory)).toBe(false);
});
