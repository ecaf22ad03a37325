import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createServer, type LabServer } from "../../lab/postgres.ts";
import { parsePlan } from "../../src/plan/load.ts";
import type { Plan } from "../../src/plan/schema.ts";
import { keys, onTerminal } from "../support/terminal.ts";

/** `firedrill init` beside a real server with a pgBackRest stanza. */

const bin = join(import.meta.dirname, "..", "..", "bin", "firedrill.js");
let server: LabServer;
let home: string;
let directory: string;

beforeAll(async () => {
  home = await mkdtemp("/tmp/fd-");
  await chmod(home, 0o755);
  server = await createServer({ directory: join(home, "pg"), name: "ledger", archive: true });
  await server.sql("postgres", "create database shop");
  await server.sql("postgres", 'create database "My_Shop"');
});
afterAll(async () => {
  await server.remove();
  await rm(home, { recursive: true });
});
beforeEach(async () => {
  directory = await mkdtemp(join(home, "w-"));
});

/** What a person has set who works with psql on this host. */
function environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const known = { PGHOST: "127.0.0.1", PGPORT: String(server.port), PGPASSWORD: server.password };
  return { ...known, HOME: directory, TEMPORAL_ADDRESS: "127.0.0.1:1", ...more };
}

function firedrill(args: string[], env = environment()) {
  return execa(process.execPath, [bin, ...args], { cwd: directory, env, reject: false, all: true, stdin: "ignore" });
}

const read = (file: string) => readFile(join(directory, file), "utf8");

async function plan(file: string): Promise<Plan> {
  const { plan: parsed, problems } = parsePlan(await read(file), file);
  expect(problems).toEqual([]);
  return parsed!;
}

test("a database by options: found where it is, written as a plan that passes the check, never written over", async () => {
  const made = await firedrill([
    "init",
    "--database",
    "shop",
    "--database",
    "My_Shop",
    "--password-env",
    "SHOP_PASSWORD",
  ]);
  expect(made.exitCode, made.all).toBe(0);
  expect(made.stdout).toContain("firedrill plan check plans/shop.yaml\n");
  expect((await firedrill(["plan", "check", "plans/shop.yaml"])).exitCode).toBe(0);
  const connection = { host: "127.0.0.1", port: server.port, user: "postgres", password: { env: "SHOP_PASSWORD" } };
  const { components, environment: where } = await plan("plans/shop.yaml");
  expect(where).toBe("dev");
  expect(components).toMatchObject([
    { name: "shop", kind: "pgdump", database: "shop", connection, dumps: "/var/backups/firedrill/shop" },
    { name: "my-shop", kind: "pgdump", database: "My_Shop", connection, retention: { count: 7 } },
  ]);
  const before = await read("plans/shop.yaml");
  expect(before).not.toContain(server.password);
  const again = await firedrill(["init", "--database", "shop", "--environment", "production"]);
  expect(again.all).toContain("error: plans/shop.yaml is there already, and is never overwritten\nhint: ");
  expect(again.exitCode).toBe(2);
  expect(await read("plans/shop.yaml")).toBe(before);
  const other = await firedrill(["init", "plans/shop.yml", "--database", "shop"]);
  expect(other.all).toContain("error: plans/shop.yaml is there already");
  expect((await firedrill(["init", "plans/shop", "--database", "shop"])).all).toContain("hint: Write plans/shop.yaml.");
});

test("a stanza by options: its server is known by the identifier, and tells the data; --json says what was found", async () => {
  const { config, stanza } = server.pgbackrest!;
  const { stdout, exitCode } = await firedrill(["init", "main.yaml", "--stanza", stanza, "--config", config, "--json"]);
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    file: join(directory, "main.yaml"),
    plan: { name: "main" },
    found: { stanzas: [{ name: stanza, server: { systemIdentifier: server.systemIdentifier } }] },
  });
  expect(stdout).not.toContain(server.password);
  const { components } = await plan("main.yaml");
  expect(components).toMatchObject([{ kind: "pgbackrest", stanza, config, data: server.data, osUser: server.osUser }]);
  const away = await firedrill(["init", "away.yaml", "--stanza", "away", "--config", config]);
  expect(away.all).toContain("hint: Add --data DIRECTORY");
  expect(away.exitCode).toBe(2);
});

test("servers are found by ~/.pgpass and a service as well, and no password of theirs is shown or written", async () => {
  const line = ["127.0.0.1", server.port, "*", "postgres", server.password.replaceAll(/[\\:]/g, String.raw`\$&`)].join(
    ":",
  );
  await writeFile(join(directory, ".pgpass"), `# mine\n${line}\n`, { mode: 0o600 });
  const alone = { HOME: directory, TEMPORAL_ADDRESS: "127.0.0.1:1" };
  const byFile = await firedrill(["init", "a.yaml", "--database", "shop", "--json"], alone);
  const service = `[other]\nhost=nowhere.invalid\n[db]\nhost=127.0.0.1\nport=${server.port}\nuser=postgres\n`;
  await writeFile(join(directory, ".pg_service.conf"), service);
  await rm(join(directory, ".pgpass"));
  const named = { ...alone, PGSERVICE: "db", PGPASSWORD: server.password };
  const byService = await firedrill(["init", "b.yaml", "--database", "shop", "--json"], named);
  for (const [made, file] of [
    [byFile, "a.yaml"],
    [byService, "b.yaml"],
  ] as const) {
    expect(made.exitCode, made.all).toBe(0);
    expect((await plan(file)).components).toMatchObject([{ connection: { host: "127.0.0.1", port: server.port } }]);
    expect(made.all + (await read(file))).not.toContain(server.password);
  }
});

test("without a terminal and without a word what to protect: the options that are missing, and nothing written", async () => {
  const { exitCode, all } = await firedrill(["init"]);
  expect(all).toContain("error: there is no terminal to ask");
  expect(all).toContain("--database NAME");
  expect(all).toContain("--stanza NAME");
  expect(exitCode).toBe(2);
  const wrong = await firedrill(["init", "--database", "shop", "--rto", "soon"]);
  expect(wrong.all).toContain("objectives.rto is not a duration");
  expect(wrong.exitCode).toBe(2);
  expect(await readdir(directory)).toEqual([]);
});

function asking(args: string[] = []) {
  const argv = [process.execPath, bin, "init", "--config", server.pgbackrest!.config, ...args];
  const terminal = onTerminal(argv, { cwd: directory, env: environment() });
  const seen = (words: string) => expect.poll(terminal.screen, { timeout: 15_000 }).toContain(words);
  return { ...terminal, seen };
}

test("on a terminal it asks, with what it found and what is usual, and writes the plan", async () => {
  const { seen, type, exited, screen } = asking();
  await seen("What is to be protected?");
  await seen("database shop");
  await seen(`on 127.0.0.1:${server.port}`);
  await seen("cluster of stanza ledger");
  type(keys.space + keys.down + keys.down + keys.space + keys.enter);
  // A cluster and one of its databases: two ways to destroy the same thing.
  await seen("protects this already");
  await seen("◆  What is to be protected?");
  type(keys.space + keys.down + keys.space + keys.enter);
  await seen("How does the worker log in?");
  type(keys.down + keys.enter);
  await seen("Name of the variable");
  await seen("MY_SHOP_PASSWORD");
  type(keys.enter);
  await seen("Directory for the dumps");
  type(keys.enter);
  await seen("Which environment is it?");
  type(keys.down + keys.down + keys.enter);
  await seen("(RTO)?");
  type(`${keys.back.repeat(2)}soon${keys.enter}`);
  await seen("is not a duration");
  type(`${keys.back.repeat(4)}30m${keys.enter}`);
  await seen("(RPO)?");
  type(keys.enter);
  await seen("Name of the plan");
  type(keys.enter);
  expect(await exited, screen()).toBe(0);
  expect(screen()).toContain("Wrote plans/my-shop.yaml.");
  const connection = { password: { env: "MY_SHOP_PASSWORD" } };
  expect(await plan("plans/my-shop.yaml")).toMatchObject({
    environment: "production",
    approvals: { destroy: 1 },
    objectives: { rto: 30 * 60_000, rpo: 24 * 3_600_000 },
    components: [
      { database: "My_Shop", connection },
      { database: "shop", connection },
    ],
  });
});

test("Ctrl-C at a question leaves nothing", async () => {
  const { seen, type, exited, screen } = asking();
  await seen("What is to be protected?");
  type(keys.space + keys.enter);
  await seen("How does the worker log in?");
  type(keys.ctrlC);
  expect(await exited).toBe(2);
  expect(screen()).toContain("no plan was written");
  expect(await readdir(directory)).toEqual([]);
});
