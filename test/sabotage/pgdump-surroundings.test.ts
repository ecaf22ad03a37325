import { chmod, copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll } from "vitest";
import { runAs } from "../../lab/as-user.ts";
import { createServer, type LabServer } from "../../lab/postgres.ts";
import { type Drill, pgdump } from "../support/drill.ts";
import { next, type Sabotage, sabotages, type Stage } from "./driver.ts";
import { at, pgdumpStage } from "./pgdump-stage.ts";

/** What is wrong around a drill: server, clock, plan, configuration and passwords. */

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

sabotages(() => stage, [...servers, ...clocks, ...leave]);
