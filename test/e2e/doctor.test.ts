import { execa } from "execa";
import { readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { tryPort } from "../../src/temporal/ports.ts";
import { askDoctor, untilReady } from "../support/doctor.ts";
import { createDrill, type Drill, pgdump } from "../support/drill.ts";

/** `firedrill doctor` against a worker, a server and Temporal that are there, and then one that is not. */

let drill: Drill;
beforeAll(async () => {
  drill = await createDrill({ hooks: true });
  await drill.startWorker({ ONLY_OF_THE_WORKER: drill.server.password });
  await untilReady(drill);
});
beforeEach(() => drill.plan(pgdump(drill)));
afterAll(() => drill.remove());

const ask = (more: Parameters<typeof askDoctor>[1] = {}) => askDoctor(drill, more);
const connection = (change: object) => pgdump(drill, { connection: { ...pgdump(drill).connection, ...change } });

test("all is well: said in groups of lines that fit, exit code 0, and nothing was changed", async () => {
  const { exitCode, stdout } = await execa(process.execPath, ["bin/firedrill.js", "doctor", "drill"], {
    env: { FIREDRILL_CONFIG: join(drill.directory, "firedrill.yaml"), TEMPORAL_ADDRESS: drill.address },
  });
  expect(stdout.split("\n").filter((line) => /^\w/.test(line))).toEqual([
    "Temporal",
    "Worker",
    "Programs",
    "Secrets",
    "Plan drill",
    expect.stringMatching(/^all \d+ checks are well$/),
  ]);
  expect(stdout).not.toContain("\u001B[");
  expect(stdout).not.toContain(drill.server.password);
  expect(exitCode).toBe(0);
  expect(await readdir(drill.directory)).not.toContain("dumps");
  expect((await readdir(join(drill.directory, "state"))).filter((name) => name.startsWith("doctor"))).toEqual([]);
  const without = await ask({ plan: "" });
  expect(without.exitCode).toBe(0);
  expect(without.findings.map(({ name }) => name)).toContain("plans");
});

test("it is the worker that looks: with its variables, not with ours", async () => {
  await drill.plan(connection({ password: { env: "ONLY_OF_THE_WORKER" } }));
  const { exitCode, findings, here } = await ask();
  expect(here).toBe(null);
  expect(findings.find(({ group }) => group === "secrets")).toMatchObject({
    name: "env ONLY_OF_THE_WORKER",
    status: "ok",
    message: "is set, for components.shop.connection.password",
  });
  expect(exitCode).toBe(0);
});

test("the plain temporal CLI can ask as well, and a run is not what it makes", async () => {
  const [command, options] = [
    ["workflow", "execute"],
    ["--type", "doctor", "--task-queue", drill.taskQueue],
  ];
  const { stdout } = await execa(inject("temporalPath"), [
    ...command,
    ...options,
    "--input",
    '{"plan":"drill"}',
    "--output",
    "json",
    "--address",
    drill.address,
  ]);
  expect(stdout).toContain("nothing refuses a drill of shop");
  const env = { FIREDRILL_CONFIG: join(drill.directory, "firedrill.yaml"), TEMPORAL_ADDRESS: drill.address };
  const runs = await execa(process.execPath, ["bin/firedrill.js", "runs"], { env });
  expect(runs.stdout).toBe("no run fits");
});

test.each([
  ["a variable that only we have", { password: { env: "FIREDRILL_CONFIG_NOT" } }, "secrets", "SECRET_MISSING", 2],
  ["a file that is not there", { password: { file: "/no/such/file" } }, "secrets", "SECRET_MISSING", 2],
  ["a database server that is down", { port: 1 }, "plan", "SYSTEM_UNREACHABLE", 6],
  ["a user who may not", { user: "reader" }, "plan", "AUTHENTICATION_FAILED", 6],
])("%s", async (_, change, group, type, code) => {
  await drill.plan(connection(change));
  const { exitCode, amiss, seconds } = await ask({ env: { FIREDRILL_CONFIG_NOT: "ours" } });
  expect(amiss.filter(({ status }) => status === "failed")).toMatchObject([{ group, type }]);
  expect(exitCode).toBe(code);
  expect(seconds).toBeLessThan(15);
});

test("a server that takes connections and never answers costs seconds", async () => {
  const mute = createServer(() => {});
  await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
  const { port } = mute.address() as { port: number };
  const components = ["a", "b", "c"].map((name) => ({
    ...connection({ port }),
    name,
    database: name,
    dumps: `/tmp/${name}`,
  }));
  await drill.plan(components);
  const { exitCode, amiss, seconds } = await ask();
  mute.close();
  expect(amiss.filter(({ status }) => status === "failed").map(({ name }) => name)).toEqual(["a", "b", "c"]);
  expect(exitCode).toBe(6);
  expect(seconds).toBeLessThan(20);
});

test("a secret that everybody may read, and a directory that cannot be made", async () => {
  const open = join(drill.directory, "open");
  await writeFile(open, drill.server.password, { mode: 0o644 });
  const dumps = join(drill.directory, "firedrill.yaml", "dumps");
  await drill.plan({ ...connection({ password: { file: open } }), dumps });
  const { exitCode, amiss, stdout } = await ask();
  expect(amiss.find(({ group }) => group === "secrets")).toMatchObject({ status: "warning", hint: `chmod o= ${open}` });
  expect(amiss.find(({ name }) => name === "shop dumps")).toMatchObject({
    status: "failed",
    type: "PERMISSION_DENIED",
  });
  expect(exitCode).toBe(1);
  expect(stdout).not.toContain(drill.server.password);
});

test("what the guards of a drill would refuse is refused here, with the same hint", async () => {
  await drill.server.sql("postgres", "create database other");
  await drill.plan([pgdump(drill), pgdump(drill, { name: "other", database: "other", dumps: "/tmp/fd-other" })]);
  const { exitCode, amiss } = await ask();
  expect(amiss).toMatchObject([
    { name: "other allow-list", type: "REFUSED", message: expect.stringMatching(/^refuses `exercise`: /) },
  ]);
  expect(amiss[0]!.hint).toContain(`{ systemIdentifier: "${drill.server.systemIdentifier}"`);
  expect(exitCode).toBe(3);
  await drill.server.sql("postgres", "alter database other is_template true");
  expect((await ask()).amiss.map(({ name }) => name)).toEqual(["other allow-list", "other denied"]);
});

test("what passes by itself is something to look at: a freeze, and somebody at work on the target", async () => {
  const window = { from: "2020-01-01", until: "2099-01-01", reason: "sales" };
  await drill.plan(pgdump(drill), { freeze: [window] });
  const frozen = await ask();
  expect(frozen.amiss).toMatchObject([{ name: "shop freeze", status: "warning" }]);
  expect(frozen.exitCode).toBe(0);

  await drill.plan(pgdump(drill));
  const hold = await drill.hooks.hold({ moment: "step-begin", step: "^backup/shop$" });
  const run = await drill.start("backup");
  await hold.reached();
  const locked = await ask();
  expect(locked.amiss).toMatchObject([{ name: "shop lock", message: expect.stringContaining("anna") }]);
  await hold.release();
  await run.end();
});

test("whom a run would tell: reached or not, without a word to them, and never a reason to fail", async () => {
  const heard: string[] = [];
  const there = createServer((socket) => void socket.on("data", (data) => heard.push(String(data))));
  await new Promise<void>((resolve) => there.listen(0, "127.0.0.1", resolve));
  const { port } = there.address() as { port: number };
  const hook = async (name: string, text: string) => {
    const file = join(drill.directory, name);
    await writeFile(file, text, { mode: 0o600 });
    return { file };
  };
  const mail = { kind: "email", host: "127.0.0.1", port: 1, tls: "none", from: "a@example.org", to: ["b@example.org"] };
  await drill.plan(pgdump(drill), {
    notify: [
      { kind: "slack", webhook: await hook("good", `http://127.0.0.1:${port}/services/T0000001B0000001`) },
      { kind: "discord", webhook: await hook("closed", "http://127.0.0.1:1/api/webhooks/123456789012345678") },
      { kind: "webhook", url: await hook("wrong", "not an address 4711") },
      mail,
    ],
  });
  const { amiss, exitCode, stdout } = await ask();
  there.close();
  expect(amiss.map(({ name, status, message }) => [name, status, message])).toEqual([
    ["notice 2 discord", "warning", "nobody would be told by discord: it cannot be reached (ECONNREFUSED)"],
    ["notice 3 webhook", "warning", "nobody would be told by webhook: its address is no http:// or https:// address"],
    ["notice 4 email", "warning", expect.stringContaining("the SMTP server cannot be reached")],
  ]);
  expect(exitCode).toBe(0);
  expect(heard).toEqual([]);
  expect(stdout).not.toMatch(/T0000001B0000001|123456789012345678|4711/);
});

test("a configuration that was changed since, and one that is wrong", async () => {
  await drill.configure({ mayDestroy: [] });
  const changed = await ask();
  expect(changed.amiss).toMatchObject([{ name: "configuration", status: "warning" }]);
  await drill.configure({ mayDestroy: "all" });
  const wrong = await ask();
  expect(wrong.amiss).toMatchObject([{ name: "configuration", type: "CONFIG_INVALID" }]);
  expect(wrong.exitCode).toBe(2);
  await drill.configure({});
});

test("a plan that is not there, and one that is wrong, also where no plan is named", async () => {
  const unknown = await ask({ plan: "dril" });
  expect(unknown.amiss).toMatchObject([{ type: "PLAN_NOT_FOUND", hint: expect.stringContaining('"drill"') }]);
  expect(unknown.exitCode).toBe(2);
  await drill.plan({ name: "shop", kind: "pgdumb" });
  expect((await ask()).amiss).toMatchObject([{ name: "file", type: "PLAN_INVALID" }]);
  expect((await ask({ plan: "" })).amiss).toMatchObject([{ name: "plan drill", type: "PLAN_INVALID" }]);
});

test("Temporal that does not answer, and a namespace that is not there: the rest is looked at from here", async () => {
  const away = await ask({ env: { TEMPORAL_ADDRESS: "127.0.0.1:1" } });
  expect(away.amiss).toMatchObject([{ group: "temporal", name: "server", type: "SYSTEM_UNREACHABLE" }]);
  expect(away.here).not.toBe(null);
  expect(away.findings.find(({ name }) => name === "guards")).toMatchObject({ status: "ok" });
  expect(away.exitCode).toBe(6);
  expect(away.seconds).toBeLessThan(15);
  const lost = await ask({ env: { TEMPORAL_NAMESPACE: "nowhere" } });
  expect(lost.amiss).toMatchObject([{ group: "temporal", message: expect.stringContaining("no namespace nowhere") }]);
  expect(lost.exitCode).toBe(2);
});

test("a Temporal server without Updates is not enough", async () => {
  const port = (await tryPort(0))!;
  const server = execa(
    inject("temporalPath"),
    [
      "server",
      "start-dev",
      "--headless",
      "--port",
      `${port}`,
      "--dynamic-config-value",
      "frontend.enableUpdateWorkflowExecution=false",
    ],
    { reject: false },
  );
  const env = { TEMPORAL_ADDRESS: `127.0.0.1:${port}` };
  try {
    await expect.poll(async () => (await ask({ env })).amiss[0]?.type, { timeout: 60_000 }).toBe("UNSUPPORTED_VERSION");
    const { amiss, exitCode } = await ask({ env });
    expect(amiss[0]!.message).toContain("does not offer Updates");
    expect(exitCode).toBe(1);
  } finally {
    server.kill();
    await server;
  }
});

test("a worker that was killed a moment ago", async () => {
  await drill.killWorker();
  const { findings, exitCode, seconds, here } = await ask();
  expect(findings.find(({ name }) => name === "task queue")).toMatchObject({
    status: "failed",
    type: "SYSTEM_UNREACHABLE",
  });
  expect(exitCode).toBe(6);
  expect(here).not.toBe(null);
  expect(seconds).toBeLessThan(20);
});
