import { execa } from "execa";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { askDoctor, untilReady } from "../support/doctor.ts";
import { createDrill, type Drill, pgbackrest, pgdump } from "../support/drill.ts";

/** A host that is not as it should be, looked at by `firedrill doctor` itself: no worker runs unless a test starts one. */

let drill: Drill;
let bin: string;
beforeAll(async () => {
  drill = await createDrill({ archive: true });
  bin = join(drill.directory, "bin");
  await mkdir(bin);
  for (const program of ["runuser", "id", "test"]) await symlink(onPath(program), join(bin, program));
});
beforeEach(() => drill.plan(pgbackrest(drill)));
afterAll(() => drill.remove());

const ask = (more: Parameters<typeof askDoctor>[1] = {}) => askDoctor(drill, more);

/** Only root may mount; a namespace of its own keeps the mounts from everybody else. */
const root = process.getuid?.() === 0;
const packages = "/usr/lib/postgresql";
const mounted = (...mounts: string[]) => ["unshare", "-m", "sh", "-c", `${mounts.join(" && ")} && exec "$@"`, "sh"];

/** PostgreSQL's programs are those of `bin` alone. */
const hidden = () => {
  const hide = mounted(`mount -t tmpfs tmpfs ${packages}`);
  return ["/usr/bin/env", "PATH=/usr/bin:/bin", ...hide, "/usr/bin/env", `PATH=${bin}`];
};

function onPath(program: string): string {
  const found = process.env.PATH!.split(delimiter).find((directory) => existsSync(join(directory, program)));
  return join(found ?? "/usr/sbin", program);
}

async function script(name: string, says: string): Promise<void> {
  await writeFile(join(bin, name), `#!/bin/sh\necho '${says}'\n`);
  await chmod(join(bin, name), 0o755);
}

test("without a worker this machine is looked at, and that is said plainly", async () => {
  const { amiss, findings, exitCode, here } = await ask();
  expect(amiss).toEqual([]);
  expect(here).not.toBe(null);
  expect(findings.filter(({ status }) => status !== "ok")).toMatchObject([
    { name: "task queue", status: "failed", type: "SYSTEM_UNREACHABLE" },
    { name: "host", status: "warning", message: expect.stringContaining("was looked at on this machine") },
  ]);
  expect(findings.find(({ name, group }) => group === "programs" && name === "ledger")?.message).toMatch(
    /^pgbackrest 2\.\d+$/,
  );
  expect(exitCode).toBe(6);
  expect(await readdir(drill.directory)).not.toEqual(expect.arrayContaining(["state"]));
  expect(await readdir(drill.directory)).not.toEqual(expect.arrayContaining(["records"]));
});

test("pgbackrest that is missing, and one that is too old", async () => {
  const missing = await ask({ env: { PATH: bin } });
  expect(missing.amiss).toMatchObject([{ group: "programs", name: "ledger", type: "PROGRAM_MISSING" }]);
  await script("pgbackrest", "pgBackRest 2.40");
  const old = await ask({ env: { PATH: bin } });
  expect(old.amiss).toMatchObject([
    { group: "programs", type: "UNSUPPORTED_VERSION", message: "pgBackRest 2.40 is too old" },
  ]);
  await rm(join(bin, "pgbackrest"));
});

test("a command of the plan that is not there", async () => {
  await drill.plan(pgbackrest(drill, { start: ["/no/such/start"], stop: ["no-such-stop", "now"] }));
  expect((await ask()).amiss.map(({ name, type }) => [name, type])).toEqual([
    ["ledger start", "PROGRAM_MISSING"],
    ["ledger stop", "PROGRAM_MISSING"],
  ]);
});

test.runIf(root && existsSync(packages))(
  "pg_dump that is missing, one that is older than the server, and which there is while it is down",
  async () => {
    await drill.plan(pgdump(drill));
    const within = hidden();
    const missing = await ask({ within });
    expect(missing.amiss).toMatchObject([{ group: "programs", name: "shop", type: "PROGRAM_MISSING" }]);
    for (const program of ["pg_dump", "pg_restore", "psql"]) await script(program, `${program} (PostgreSQL) 13.1`);
    const old = await ask({ within });
    expect(old.amiss).toMatchObject([{ group: "programs", type: "UNSUPPORTED_VERSION" }]);
    expect(old.amiss[0]!.message).toMatch(/^pg_dump 13 cannot dump a server of version \d+$/);
    await drill.plan(pgdump(drill, { connection: { port: 1 } }));
    const down = await ask({ within });
    expect(down.amiss.find(({ group }) => group === "programs")).toMatchObject({
      status: "warning",
      message: expect.stringContaining("pg_dump 13, pg_restore 13, psql 13"),
    });
  },
);

test.runIf(root && existsSync(packages))("pg_ctl of the server's version that is missing", async () => {
  await symlink(onPath("pgbackrest"), join(bin, "pgbackrest"));
  const { amiss } = await ask({ within: hidden() });
  expect(amiss).toMatchObject([{ group: "programs", name: "ledger server", type: "PROGRAM_MISSING" }]);
  expect(amiss[0]!.message).toMatch(/^the program pg_ctl of PostgreSQL \d+ is not installed/);
});

test.runIf(root)("no space left: for records, for state, for dumps", async () => {
  await drill.plan(pgdump(drill));
  const full = (name: string) => [
    `mkdir -p ${join(drill.directory, name)}`,
    `mount -t tmpfs -o size=64k tmpfs ${join(drill.directory, name)}`,
    `{ head -c 1000000 /dev/zero > ${join(drill.directory, name, "full")} 2>/dev/null || true; }`,
  ];
  const { amiss } = await ask({ within: mounted(...full("records"), ...full("state"), ...full("dumps")) });
  const found = amiss.map(({ name, type }) => `${name} ${type}`);
  expect(found).toEqual(
    expect.arrayContaining(["records DISK_FULL", "state DISK_FULL", "shop dumps DISK_FULL", "shop space REFUSED"]),
  );
  const little = await ask({
    within: mounted(
      `mkdir -p ${join(drill.directory, "records")}`,
      `mount -t tmpfs -o size=9m tmpfs ${join(drill.directory, "records")}`,
    ),
  });
  expect(little.amiss).toMatchObject([{ name: "records", status: "warning" }]);
});

test("a stanza of another cluster, and a cluster that is down", async () => {
  await drill.plan(pgbackrest(drill, { stanza: "nowhere" }));
  const other = await ask();
  expect(other.amiss).toMatchObject([{ name: "ledger", status: "failed" }]);
  await drill.plan(pgbackrest(drill));
  await drill.server.stop();
  const down = await ask();
  await drill.server.start();
  expect(down.amiss.filter(({ status }) => status === "failed").map(({ name }) => name)).toEqual(["ledger"]);
  expect(down.seconds).toBeLessThan(15);
});

test("a cluster that cannot be reached is named, and so is a kubeconfig that is not there; no token is shown", async () => {
  const file = join(drill.directory, "kubeconfig");
  const cluster = { name: "c", cluster: { server: "https://127.0.0.1:1" } };
  const user = { name: "u", user: { token: "canary-of-a-token" } };
  const context = { name: "x", context: { cluster: "c", user: "u" } };
  const kubeconfig = { clusters: [cluster], users: [user], contexts: [context], "current-context": "x" };
  await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "Config", ...kubeconfig }));
  const component = { name: "web", kind: "namespace", namespace: "web" };
  await drill.plan(component, { objectives: {}, access: { kubeconfig: { file } } });
  const unreachable = await ask();
  expect(unreachable.amiss).toMatchObject([
    { name: "web", type: "SYSTEM_UNREACHABLE", message: expect.stringContaining("https://127.0.0.1:1") },
  ]);
  expect(JSON.stringify(unreachable)).not.toContain("canary-of-a-token");
  await drill.plan(component, { objectives: {}, access: { kubeconfig: { file: `${file}.not` } } });
  expect((await ask()).amiss).toMatchObject([{ name: "web", message: expect.stringContaining(`${file}.not`) }]);
});

test("clocks that disagree: PostgreSQL's with ours, and the worker's with Temporal's", async () => {
  const { stdout: library } = await execa("faketime", ["-f", "-1h", "printenv", "LD_PRELOAD"]);
  const ahead = (by: string) => ({ LD_PRELOAD: library, FAKETIME: by, DONT_FAKE_MONOTONIC: "1" });
  await drill.plan(pgdump(drill));
  const far = await ask({ env: ahead("-1h") });
  expect(far.amiss).toMatchObject([
    { name: "shop clock", type: "NOT_PROVEN", message: expect.stringMatching(/behind PostgreSQL's$/) },
  ]);
  const near = await ask({ env: ahead("-20s") });
  expect(near.amiss).toMatchObject([{ name: "shop clock", status: "warning" }]);

  await drill.startWorker(ahead("+5m"));
  await untilReady(drill);
  const { findings, exitCode } = await ask();
  expect(findings.find(({ group, name }) => group === "worker" && name === "clock")).toMatchObject({
    type: "NOT_PROVEN",
    message: expect.stringMatching(/is (5m|4m 59).* ahead of the Temporal server's/),
  });
  expect(exitCode).toBe(4);
});
