import { chmod, copyFile, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll } from "vitest";
import { runAs } from "../../lab/as-user.ts";
import { createServer, type LabServer } from "../../lab/postgres.ts";
import { type Drill, pgdump } from "../support/drill.ts";
import { canMount } from "./damage.ts";
import { next, type Sabotage, sabotages, type Stage } from "./driver.ts";
import { at, dumpsOf, pgdumpStage, runDirectoryOf } from "./pgdump-stage.ts";

/** What is wrong around a drill: server, clock, plan, configuration, passwords, disks, and the worker's own files. */

let stage: Stage;
let other: LabServer;
let parent: string;
/** The password of the server, which rows overwrite. */
let kept: string;

beforeAll(async () => {
  stage = await pgdumpStage();
  kept = join(stage.drill.directory, "kept-password");
  await copyFile(stage.drill.server.passwordFile, kept);
  parent = await mkdtemp("/tmp/fdo-");
  await chmod(parent, 0o755);
  other = await createServer({ directory: join(parent, "o"), name: "other" });
  await other.sql("postgres", "create database shop");
});

afterAll(async () => {
  await stage.drill.remove();
  await other.remove();
  await rm(parent, { recursive: true });
});

const untouched = true as const;

/** Starts a server whose clock is an hour late; its other clock, by which it waits, stays right. */
async function anHourBack({ server }: Drill): Promise<void> {
  await server.stop();
  const start = [
    join(server.bin, "pg_ctl"),
    "-D",
    server.data,
    "-w",
    "-s",
    "-l",
    join(server.data, "late.log"),
    "start",
  ];
  // Not by faketime itself, which waits for its program for ever.
  const { stdout: library } = await execa("faketime", ["-f", "-1h", "printenv", "LD_PRELOAD"]);
  const late = ["env", `LD_PRELOAD=${library}`, "FAKETIME=-1h", "DONT_FAKE_MONOTONIC=1", ...start];
  await runAs(server.osUser, server.directory, late);
}

async function onTime({ server }: Drill): Promise<void> {
  await server.stop();
  await server.start();
}

/** Another server takes over the port, with the same password. */
async function takeOver({ server }: Drill): Promise<void> {
  await server.stop();
  await other.stop();
  await copyFile(other.passwordFile, server.passwordFile);
  const start = [
    join(other.bin, "pg_ctl"),
    "-D",
    other.data,
    "-w",
    "-s",
    "-l",
    join(other.data, "log"),
    "-o",
    `-p ${server.port}`,
    "start",
  ];
  await runAs(other.osUser, other.directory, start);
}

async function giveBack({ server }: Drill): Promise<void> {
  await other.stop();
  await other.start();
  await server.start();
  await copyFile(kept, server.passwordFile);
}

const wrongPassword = async ({ server }: Drill): Promise<void> => await writeFile(server.passwordFile, "of last year");
const rightPassword = async ({ server }: Drill): Promise<void> => await copyFile(kept, server.passwordFile);

/** The worker reads its configuration when it starts. */
async function restartWith(drill: Drill, change: object): Promise<void> {
  await drill.configure(change);
  await drill.killWorker();
  await drill.startWorker();
}

const servers: Sabotage[] = [
  {
    name: "another PostgreSQL answers on the plan's port",
    how: "host and port of another server with a database of that name in the plan",
    before: (drill) =>
      drill.plan(pgdump(drill, { connection: { port: other.port, password: { file: other.passwordFile } } })),
    expects: { verdict: "refused", says: /does not list .*add this line to mayDestroy/is, untouched },
  },
  {
    name: "another PostgreSQL takes over the port between proof and loss",
    when: at.destroy,
    how: "server stopped, another one with the same password started on its port",
    does: takeOver,
    mend: giveBack,
    expects: { verdict: "FAIL", says: /belongs to server \d+, but \d+ was inspected/ },
  },
  {
    name: "the database is another one of the same name before it is destroyed",
    when: at.destroy,
    how: "drop database, create database",
    does: async ({ server }) => {
      await server.sql("postgres", "drop database shop with (force)");
      await server.sql("postgres", "create database shop");
    },
    expects: { verdict: "FAIL", says: /is another database than the one that was backed up/ },
  },
  {
    name: "the database vanishes before it is destroyed",
    when: at.destroy,
    how: "drop database",
    does: ({ server }) => server.sql("postgres", "drop database shop with (force)"),
    expects: { verdict: "FAIL", says: /there is no database .* any more/ },
  },
  {
    name: "the negative control passes: the data answers while it should be lost",
    when: at.control,
    how: "the database created anew from a copy, and dropped again after the control",
    does: async (drill) => {
      await drill.server.sql("postgres", "create database shop template original");
      await next(drill, at.restore, () => drill.server.sql("postgres", "drop database shop with (force)"));
    },
    expects: { verdict: "INCONCLUSIVE", says: /it passed although the data was lost/ },
  },
  {
    name: "the server is away when the data shall be restored",
    when: at.restore,
    how: "pg_ctl stop",
    does: ({ server }) => server.stop(),
    mend: ({ server }) => server.start(),
    expects: { verdict: "FAIL", says: /127\.0\.0\.1:\d+.*(refused|reach)/i },
  },
  {
    name: "a check that cannot be asked is skipped",
    when: at.control,
    how: "another password in the file that the plan names, put right before the decision to skip",
    does: wrongPassword,
    mend: rightPassword,
    answer: "skip",
    expects: { verdict: "INCONCLUSIVE", says: /refuses user|password authentication failed/ },
  },
];

const clocks: Sabotage[] = [
  {
    name: "the clock is set back by an hour between backup and loss",
    when: at.destroy,
    how: "server started again under faketime -1h",
    does: anHourBack,
    undo: onTime,
    expects: { verdict: "INCONCLUSIVE", says: /a clock was set meanwhile: the newest data that came back is of/ },
  },
  {
    name: "the clock is set back by an hour between loss and proof",
    when: at.control,
    how: "server started again under faketime -1h",
    does: anHourBack,
    undo: onTime,
    expects: { verdict: "INCONCLUSIVE", says: /a clock was set meanwhile: it was lost at .* back before that/ },
  },
  {
    name: "the clock was an hour late and is set right between loss and proof",
    when: at.control,
    how: "server started under faketime -1h before the run, and without it after the loss",
    before: anHourBack,
    does: onTime,
    expects: { verdict: "INCONCLUSIVE", says: /a clock was set meanwhile: 3,6\d\d s passed/ },
  },
];

const leave: Sabotage[] = [
  {
    name: "the plan is changed before the destruction",
    when: at.destroy,
    how: "another objective in the plan's file",
    does: (drill) => drill.plan(pgdump(drill), { objectives: { rto: "1h" } }),
    expects: { verdict: "FAIL", says: /plan drill was changed since this run began/, untouched },
  },
  {
    name: "the plan is removed before the destruction",
    when: at.destroy,
    how: "rm of the plan's file",
    does: (drill) => rm(join(drill.directory, "plans", "drill.yaml")),
    expects: { verdict: "FAIL", says: /the plan that this run began with is there no more/, untouched },
  },
  {
    name: "the worker's allow-list loses the target between proof and loss",
    when: { moment: "connect", step: "^destroy/shop$" },
    how: "entry removed from mayDestroy, worker killed with -9 and started again",
    does: (drill) => restartWith(drill, { mayDestroy: [] }),
    undo: (drill) => restartWith(drill, {}),
    expects: { verdict: "FAIL", says: /configuration does not list .*add this line to mayDestroy/is, untouched },
  },
  {
    name: "the password expires between backup and restore",
    when: at.restore,
    how: "another password in the file that the plan names",
    does: wrongPassword,
    undo: rightPassword,
    expects: { verdict: "FAIL", says: /refuses user postgres|password authentication failed/ },
  },
  {
    name: "the role expires between backup and loss",
    when: at.destroy,
    how: "alter role … valid until a day of the past",
    before: async (drill) => {
      const file = join(drill.directory, "guest-password");
      await writeFile(file, "guest");
      await drill.server.sql("postgres", "create role guest superuser login password 'guest'");
      await drill.plan(pgdump(drill, { connection: { port: drill.server.port, user: "guest", password: { file } } }));
    },
    does: ({ server }) => server.sql("postgres", "alter role guest valid until '2001-01-01'"),
    undo: async ({ server }) => {
      await server.sql("shop", "drop owned by guest cascade");
      await server.sql("postgres", "drop role guest");
    },
    expects: { verdict: "FAIL", says: /refuses user guest|password authentication failed/, untouched },
  },
];

const ofWorker: Sabotage[] = [
  {
    name: "the file with the moment of destruction is cut",
    when: at.dropped,
    how: "destroy.shop.json truncated to 9 bytes, worker killed with -9 and started again",
    does: async (drill, run) => {
      const file = join(await runDirectoryOf(drill, run), "destroy.shop.json");
      await drill.killWorker();
      await truncate(file, 9);
      await drill.startWorker();
    },
    expects: { verdict: "FAIL", says: /destroy\.shop\.json is no JSON: it was cut or overwritten/ },
  },
  {
    name: "the file with a step's attempts is cut",
    when: { moment: "connect", step: "^restore/shop$" },
    how: "attempts/restore.shop.0.json truncated to 9 bytes, worker killed with -9 and started again",
    does: async (drill, run) => {
      const attempts = join(await runDirectoryOf(drill, run), "attempts");
      await writeFile(join(attempts, "restore.shop.0.json"), '[{"starte');
      await drill.killWorker();
      await drill.startWorker();
    },
    expects: { verdict: "FAIL", says: /restore\.shop\.0\.json is no JSON: it was cut or overwritten/ },
  },
];

const mounted = (directory: (drill: Drill, run: { directory: string }) => string, ...options: string[]) => ({
  does: async (drill: Drill, run: Parameters<NonNullable<Sabotage["does"]>>[1]) => {
    place = directory(drill, await run.record());
    await execa("mount", [...options, ...(options[0] === "-t" ? ["tmpfs"] : [place]), place]);
    if (options.includes("--bind")) await execa("mount", ["-o", "remount,ro,bind", place]);
  },
  undo: async () => void (await execa("umount", ["-l", place])),
});
let place = "";

const disks: Sabotage[] = !canMount
  ? []
  : [
      {
        name: "the disk is full while the database is dumped",
        when: at.backup,
        how: "a tmpfs of 200 kB mounted on the directory of dumps",
        ...mounted(dumpsOf, "-t", "tmpfs", "-o", "size=200k"),
        expects: { verdict: "FAIL", says: /no space left/i, untouched },
      },
      {
        name: "the disk is full when the record is written",
        when: at.cleanup,
        how: "a tmpfs of 4 kB mounted on the run's directory of records",
        ...mounted((_, { directory }) => directory, "-t", "tmpfs", "-o", "size=4k"),
        expects: { verdict: "FAIL", says: /no space left/i, noReport: true },
      },
      {
        name: "the directory of the report is read-only",
        when: at.cleanup,
        how: "the run's directory of records mounted on itself, read-only",
        ...mounted((_, { directory }) => directory, "--bind"),
        expects: { verdict: "FAIL", says: /may not write .*EROFS/i, noReport: true },
      },
    ];

sabotages(() => stage, [...servers, ...clocks, ...leave, ...ofWorker, ...disks]);
