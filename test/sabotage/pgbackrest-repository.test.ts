import { chmod, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll } from "vitest";
import { backrest, createServer, type LabServer } from "../../lab/postgres.ts";
import type { Drill } from "../support/drill.ts";
import { cutByte, flipByte } from "./damage.ts";
import { type Sabotage, sabotages } from "./driver.ts";
import {
  archive,
  type BackRestStage,
  createStage,
  fileOf,
  inBackup,
  labelOf,
  replace,
  segments,
} from "./pgbackrest-stage.ts";

/** What is wrong with repository, WAL and pgBackRest itself: before the proof, between proof and loss, after the loss. */

let stage: BackRestStage;
let other: LabServer;
let parent: string;

beforeAll(async () => {
  stage = await createStage();
  parent = await mkdtemp("/tmp/fdo-");
  await chmod(parent, 0o755);
  // The same stanza name, another cluster.
  other = await createServer({ directory: join(parent, "o"), name: "pg", archive: true });
  await backrest(other, "backup", "--type=full");
});

afterAll(async () => {
  await stage.remove();
  await other.remove();
  await rm(parent, { recursive: true });
});

const backedUp = { moment: "step-end", step: "^backup/ledger$" } as const;
const proven = { moment: "step-end", step: "^backup/proof/ledger$" } as const;
const lost = { moment: "step-end", step: "^destroy/ledger$" } as const;

const customers = async (drill: Drill) => await inBackup(drill, await fileOf(drill, "customer"));
const backupsOf = ({ server }: Drill) => join(server.pgbackrest!.repository, "backup", server.pgbackrest!.stanza);

async function damageBoth(folder: string, name: string): Promise<void> {
  for (const file of [name, `${name}.copy`]) await flipByte(join(folder, file), 0.5);
}

async function swapRepository({ server }: Drill): Promise<void> {
  await rm(server.pgbackrest!.repository, { recursive: true });
  await execa("cp", ["-a", other.pgbackrest!.repository, server.pgbackrest!.repository]);
}

async function expire(drill: Drill): Promise<void> {
  await backrest(drill.server, "expire", `--set=${await labelOf(drill)}`);
}

async function loseWal(drill: Drill): Promise<void> {
  for (let n = 0; n < 3; n += 1) await archive(drill);
  await rm((await segments(drill)).at(-2)!);
}

/** Takes effect at once: the archiver is asked to try. */
async function archiveWith({ server }: Drill, command: string): Promise<void> {
  await server.sql("postgres", `alter system set archive_command = '${command}'`);
  await server.sql("postgres", "select pg_reload_conf()");
  await server.sql("shop", "insert into same_name values (4, 4, 4); select pg_switch_wal()");
  for (;;) {
    const [row] = await server.sql<{ tried: boolean }>(
      "postgres",
      `select greatest(last_archived_time, last_failed_time) > pg_conf_load_time() as tried from pg_stat_archiver`,
    );
    if (row!.tried) return;
  }
}

const untouched = true as const;

const rows: Sabotage[] = [
  {
    name: "a file of the backup is one byte shorter",
    when: backedUp,
    how: "ftruncate of the stored table file by one byte",
    does: async (drill) => await cutByte(await customers(drill)),
    expects: { verdict: "FAIL", says: /pgbackrest verify found damage.*(checksum|size) invalid: 1/, untouched },
  },
  ...[0, 0.5, 1].map((at): Sabotage => ({
    name: `a byte of the backup is flipped ${["at its beginning", "in the middle", "at its end"][at * 2]}`,
    when: backedUp,
    how: "one byte of the stored table file inverted",
    does: async (drill) => await flipByte(await customers(drill), at),
    expects: { verdict: "FAIL", says: /pgbackrest verify found damage.*invalid/, untouched },
  })),
  {
    name: "a file of the backup is gone",
    when: backedUp,
    how: "rm of the stored table file",
    does: async (drill) => await rm(await customers(drill)),
    expects: { verdict: "FAIL", says: /pgbackrest verify found damage.*missing: 1/, untouched },
  },
  {
    name: "the backup's manifest is damaged",
    when: backedUp,
    how: "one byte of backup.manifest and of its copy inverted",
    does: async (drill) => await damageBoth(join(backupsOf(drill), await labelOf(drill)), "backup.manifest"),
    expects: { verdict: "FAIL", says: /verify found damage.*status: invalid, total files checked: 0/, untouched },
  },
  {
    name: "the repository's backup.info is damaged",
    when: backedUp,
    how: "one byte of backup.info and of its copy inverted",
    does: async (drill) => await damageBoth(backupsOf(drill), "backup.info"),
    expects: { verdict: "FAIL", says: /backup\.info|cannot be read|invalid/, untouched },
  },
  {
    name: "a WAL segment is missing in the middle of the archive",
    when: backedUp,
    how: "three segments archived, the one before the last removed",
    does: loseWal,
    expects: { verdict: "FAIL", says: /lacks WAL 0{7}1/, untouched },
  },
  {
    name: "a WAL segment of the archive is damaged",
    when: backedUp,
    how: "one byte of a stored segment inverted",
    does: async (drill) => {
      await archive(drill);
      await flipByte((await segments(drill)).at(-1)!, 0.5);
    },
    expects: { verdict: "FAIL", says: /verify found damage.*WAL/is, untouched },
  },
  {
    name: "another cluster's repository under the same stanza, before the run",
    how: "the repository's directory replaced by another cluster's",
    before: swapRepository,
    expects: { verdict: "FAIL", says: /stanza pg belongs to cluster \d+, but \d+ runs in/, untouched },
  },
  {
    name: "another cluster's repository under the same stanza, after the backup",
    when: backedUp,
    how: "the repository's directory replaced by another cluster's",
    does: swapRepository,
    expects: { verdict: "FAIL", says: /do not match the database/, untouched },
  },
  {
    name: "the repository can only be read",
    how: "the repository belongs to root",
    before: async ({ server }) => {
      await execa("chown", ["-R", "root:root", server.pgbackrest!.repository]);
      await execa("chmod", ["-R", "a+rX", server.pgbackrest!.repository]);
    },
    expects: { verdict: "FAIL", says: /was not archived before/, untouched },
  },
  {
    name: "archive_command fails after the backup",
    when: backedUp,
    how: "ALTER SYSTEM SET archive_command = 'false'",
    does: async (drill) => await archiveWith(drill, "false"),
    expects: { verdict: "FAIL", says: /archive_command/, untouched },
  },
  {
    name: "another job expires this run's backup before the proof",
    when: backedUp,
    how: "pgbackrest expire --set, an older backup stays",
    does: expire,
    expects: { verdict: "FAIL", says: /does not list backup/, untouched },
  },
  {
    name: "pgbackrest backup exits with 0, prints an error and backs nothing up",
    how: "the program replaced by a script",
    before: async (drill) =>
      await replace(drill, "pgbackrest backup ", 'echo "ERROR: [082]: WAL segment was not archived" >&2; exit 0'),
    expects: { verdict: "FAIL", says: /no backup of run.*WAL segment was not archived/, untouched },
  },
  {
    name: "pgbackrest verify exits with 0 and prints an error",
    how: "the program replaced by a script",
    before: async (drill) => await replace(drill, "pgbackrest verify ", 'echo "ERROR: [055]: no such file"; exit 0'),
    expects: { verdict: "FAIL", says: /verify found damage.*no such file/, untouched },
  },
  {
    name: "pgbackrest verify exits with 0 and says nothing",
    how: "the program replaced by true",
    before: async (drill) => await replace(drill, "pgbackrest verify ", "exit 0"),
    expects: { verdict: "FAIL", says: /verify found damage.*it said nothing/, untouched },
  },
  {
    name: "another job expires this run's backup after the proof",
    when: proven,
    how: "pgbackrest expire --set, an older backup stays",
    does: expire,
    expects: { verdict: "FAIL", says: /repository does not list backup/, untouched },
  },
  {
    name: "a WAL segment vanishes after the proof",
    when: proven,
    how: "three segments archived, the one before the last removed",
    does: loseWal,
    expects: { verdict: "FAIL", says: /lacks WAL 0{7}1/, untouched },
  },
  {
    name: "another cluster's repository under the same stanza, after the proof",
    when: proven,
    how: "the repository's directory replaced by another cluster's",
    does: swapRepository,
    expects: { verdict: "FAIL", says: /does not list backup|belongs to cluster/, untouched },
  },
  {
    name: "archive_command fails between proof and loss",
    when: proven,
    how: "ALTER SYSTEM SET archive_command = 'false'",
    does: async (drill) => await archiveWith(drill, "false"),
    expects: { verdict: "FAIL", says: /does not archive its WAL/, untouched },
  },
  {
    name: "archive_command says yes and keeps nothing",
    when: proven,
    how: "ALTER SYSTEM SET archive_command = 'true'",
    does: async (drill) => await archiveWith(drill, "true"),
    expects: { verdict: "FAIL", says: /had archived|archived, but/, untouched },
  },
  {
    name: "the newest WAL of the archive is gone after the loss",
    when: lost,
    how: "the last segment removed",
    does: async (drill) => await rm((await segments(drill)).at(-1)!),
    expects: { verdict: "FAIL", says: /the server had archived 0{7}1\w+, but the repository's newest WAL is/ },
  },
  {
    name: "WAL is missing in the middle after the loss",
    when: lost,
    how: "two segments archived before; the first segment after the backup removed",
    before: async (drill) => await archive(drill),
    does: async (drill) => await rm((await segments(drill)).at(-2)!),
    expects: { verdict: "FAIL", says: /recovery ended at|did not come up|lacks WAL/ },
  },
  {
    name: "a file of the backup is one byte shorter after the loss",
    when: lost,
    how: "ftruncate of the stored table file by one byte",
    before: async (drill) => void (customer = await fileOf(drill, "customer")),
    does: async (drill) => await cutByte(await inBackup(drill, customer)),
    expects: { verdict: "FAIL", says: /unexpected eof in compressed data|checksum/ },
  },
  {
    name: "this run's backup expires after the loss, an older one is there",
    when: lost,
    how: "pgbackrest expire --set",
    does: expire,
    expects: { verdict: "FAIL", says: /backup \S+ is gone from the repository/ },
  },
];

/** Below the data directory, which is gone when it is asked for. */
let customer = "";

sabotages(() => stage, rows);
