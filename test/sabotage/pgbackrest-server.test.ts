import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createListener } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll } from "vitest";
import { createServer, type LabServer } from "../../lab/postgres.ts";
import { type Drill, pgbackrest } from "../support/drill.ts";
import { canMount } from "./damage.ts";
import { next, type Sabotage, sabotages } from "./driver.ts";
import { type BackRestStage, createStage, replace } from "./pgbackrest-stage.ts";

/** What is wrong with servers, leave and destruction: the target, another cluster in its place, ports, disks, time. */

let stage: BackRestStage;
let other: LabServer;
let parent: string;

beforeAll(async () => {
  stage = await createStage();
  parent = await mkdtemp("/tmp/fdo-");
  await chmod(parent, 0o755);
  other = await createServer({ directory: join(parent, "o"), name: "other" });
});

afterAll(async () => {
  await stage.remove();
  await other.remove();
  await rm(parent, { recursive: true });
});

const proven = { moment: "step-end", step: "^backup/proof/ledger$" } as const;
const lost = { moment: "step-end", step: "^destroy/ledger$" } as const;
const untouched = true as const;

/** A copy of the data directory as it is right before the loss. */
async function keepCopy({ server }: Drill): Promise<void> {
  await server.stop();
  await execa("cp", ["-a", server.data, `${server.data}.copy`]);
  await server.start();
}

async function putBack({ server }: Drill): Promise<void> {
  await execa("cp", ["-a", `${server.data}.copy/.`, server.data]);
  await server.start();
}

async function takeAway({ server }: Drill): Promise<void> {
  await server.stop("immediate");
  await execa("find", [server.data, "-mindepth", "1", "-delete"]);
}

/** Another cluster under the same port and directory, with the same user and password. */
async function swapCluster({ server }: Drill): Promise<void> {
  await server.stop();
  await execa("mv", [server.data, `${server.data}.away`]);
  await other.stop();
  await execa("cp", ["-a", other.data, server.data]);
  await other.start();
  for (const file of ["postgresql.conf", "pg_hba.conf", "pg_ident.conf"])
    await execa("cp", ["-a", join(`${server.data}.away`, file), server.data]);
  await server.start();
  await execa("cp", ["-a", other.passwordFile, server.passwordFile]);
}

async function requireOther({ server }: Drill): Promise<void> {
  if (!existsSync(join(server.data, "PG_VERSION"))) throw new Error("the other cluster was destroyed");
}

let release = async () => {};
async function takePort({ server }: Drill): Promise<void> {
  const listener = createListener().listen(server.port, "127.0.0.1");
  release = async () => void listener.close();
}

const rows: Sabotage[] = [
  {
    name: "another PostgreSQL answers on the plan's port",
    how: "host and port of another server in the plan",
    before: async (drill) =>
      await drill.plan(
        pgbackrest(drill, {
          database: "postgres",
          connection: { port: other.port, password: { file: other.passwordFile } },
        }),
      ),
    expects: { verdict: "FAIL", says: /the server's data directory is .*, but the plan says/, untouched },
  },
  {
    name: "another cluster in the data directory between proof and loss",
    when: proven,
    how: "server stopped, another cluster put into its directory and started",
    does: swapCluster,
    undo: requireOther,
    expects: { verdict: "FAIL", says: /holds cluster \d+ now, but \d+ was inspected/ },
  },
  {
    name: "the worker's allow-list loses the target between proof and loss",
    when: proven,
    how: "entry removed from mayDestroy, worker killed with -9 and started again",
    does: async (drill) => {
      await drill.configure({ mayDestroy: [] });
      await drill.killWorker();
      await drill.startWorker();
    },
    undo: async (drill) => {
      await drill.configure({});
      await drill.killWorker();
    },
    expects: {
      verdict: "FAIL",
      says: /the worker's configuration does not list cluster.*Add to mayDestroy/s,
      untouched,
    },
  },
  {
    name: "the password expires between backup and loss",
    when: { moment: "step-end", step: "^backup/ledger$" },
    how: "another password in the file that the plan names",
    does: async ({ server }) => await writeFile(server.passwordFile, "expired"),
    expects: { verdict: "FAIL", says: /refuses user postgres|password authentication failed/, untouched },
  },
  {
    name: "the password expires while the data is restored",
    when: { moment: "step-end", step: "^restore/ledger$" },
    how: "another password in the file that the plan names",
    does: async ({ server }) => await writeFile(server.passwordFile, "expired"),
    expects: { verdict: "FAIL", says: /refuses user postgres|password authentication failed/ },
  },
  {
    name: "the server does not stop",
    how: "the plan's stop command does nothing and exits with 0",
    before: async (drill) => await drill.plan(pgbackrest(drill, { stop: ["true"] })),
    expects: { verdict: "FAIL", says: /true \(exit code 0\) did not stop the server/, untouched },
  },
  {
    name: "a service manager starts the server again while it is destroyed",
    how: "pg_ctl stop replaced by a script that stops it and starts it again",
    before: async (drill) =>
      await replace(
        drill,
        `pg_ctl -D ${drill.server.data} -m immediate`,
        `"$@"; "$1" -D "$3" -l "$3/../log" -w start >/dev/null`,
      ),
    expects: { verdict: "FAIL", says: /a server runs on \S+ again \(process \d+\)/, untouched },
  },
  {
    name: "after the loss the data is there again, before it is restored",
    when: { moment: "step-begin", step: "^destroy/ledger$" },
    how: "a copy of the directory put back and started after the destruction",
    does: async (drill) => {
      await keepCopy(drill);
      await next(drill, lost, () => putBack(drill));
    },
    expects: { verdict: "FAIL", says: /is not the empty directory that this run left/ },
  },
  {
    name: "the negative control passes: the data answers while it should be lost",
    when: { moment: "step-begin", step: "^destroy/ledger$" },
    how: "a copy of the directory put back and started only while the control runs",
    does: async (drill) => {
      await keepCopy(drill);
      await next(drill, { moment: "step-begin", step: "^restore/control/ledger$" }, async () => {
        await putBack(drill);
        await next(drill, { moment: "step-end", step: "^restore/control/ledger$" }, () => takeAway(drill));
      });
    },
    expects: { verdict: "INCONCLUSIVE", says: /it passed although the data was lost/ },
  },
  {
    name: "the port is taken when the restored server is put into place",
    when: { moment: "step-begin", step: "^verify/place/ledger$" },
    how: "a program listens on the server's port",
    does: takePort,
    undo: async () => await release(),
    expects: { verdict: "FAIL", says: /could not create any TCP\/IP sockets|Address already in use|could not bind/ },
  },
  ...(canMount
    ? [
        {
          name: "the disk is full while the data is restored",
          when: lost,
          how: "a tmpfs of 20 MB mounted on the data directory",
          does: async ({ server }: Drill) =>
            await execa("mount", ["-t", "tmpfs", "-o", "size=20m", "tmpfs", server.data]),
          undo: async ({ server }: Drill) => void (await execa("umount", ["-l", server.data])),
          expects: { verdict: "FAIL", says: /unable to write|no space left/i },
        } satisfies Sabotage,
      ]
    : []),
  {
    name: "a moment after the end of the WAL",
    how: "a restore with a --to-time of tomorrow",
    start: { type: "restore", more: { toTime: new Date(Date.now() + 86_400_000).toISOString() } },
    expects: {
      verdict: "FAIL",
      says: /recovery ended before configured recovery target.*choose an earlier --to-time/s,
    },
  },
  {
    name: "a moment before the oldest backup",
    how: "a restore with a --to-time of the year 2020",
    start: { type: "restore", more: { toTime: "2020-01-01T00:00:00Z" } },
    expects: { verdict: "FAIL", says: /no good backup that ended before 2020/, untouched },
  },
  {
    name: "the server's own configuration ends recovery early",
    how: "recovery_target = 'immediate' and promote in postgresql.conf, which a running server does not heed",
    before: async ({ server }) =>
      await execa("sh", [
        "-c",
        `printf "\\nrecovery_target = 'immediate'\\nrecovery_target_action = 'promote'\\n" >> "$0"`,
        join(server.data, "postgresql.conf"),
      ]),
    expects: { verdict: "FAIL", says: /recovery ended at \S+, but the repository has WAL up to/ },
  },
  {
    name: "the server's own configuration pauses recovery early",
    how: "recovery_target = 'immediate' in postgresql.conf, which a running server does not heed",
    before: async ({ server }) =>
      await execa("sh", [
        "-c",
        `printf "\\nrecovery_target = 'immediate'\\n" >> "$0"`,
        join(server.data, "postgresql.conf"),
      ]),
    expects: { verdict: "FAIL", says: /stopped at \S+ at a recovery target and is paused there/ },
  },
  {
    name: "pgbackrest restore exits with 0, prints an error and restores nothing",
    how: "the program replaced by a script",
    before: async (drill) =>
      await replace(drill, "pgbackrest restore ", 'echo "ERROR: [075]: no backup set found to restore" >&2; exit 0'),
    expects: { verdict: "FAIL", says: /holds no cluster instead of \d+: .*no backup set found/ },
  },
  {
    name: "pgbackrest restore makes an empty cluster",
    how: "the program replaced by initdb",
    before: async (drill) =>
      await replace(
        drill,
        "pgbackrest restore ",
        `for word; do case $word in --pg1-path=*) data=\${word#*=};; esac; done
         ${join(drill.server.bin, "initdb")} -D "$data" -U postgres >/dev/null`,
      ),
    expects: { verdict: "FAIL", says: /holds cluster \d+ instead of \d+/ },
  },
  {
    name: "pgbackrest restore leaves recovery.signal out",
    how: "the program wrapped by a script that removes it afterwards",
    before: async (drill) =>
      await replace(
        drill,
        "pgbackrest restore ",
        `"$@"; for word; do case $word in --pg1-path=*) rm "\${word#*=}/recovery.signal";; esac; done`,
      ),
    expects: { verdict: "FAIL", says: /did not recover from the archive|did not come up/ },
  },
];

sabotages(() => stage, rows);
