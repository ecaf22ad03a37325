import { readdir, readFile, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll } from "vitest";
import type { Drill } from "../support/drill.ts";
import { type Sabotage, sabotages, type Stage } from "./driver.ts";
import {
  at,
  dataFile,
  dumpsOf,
  earlierBackup,
  flip,
  impersonate,
  newestSet,
  pgdumpStage,
  script,
} from "./pgdump-stage.ts";

let stage: Stage;
beforeAll(async () => void (stage = await pgdumpStage()));
afterAll(() => stage.drill.remove());

const cut = async (drill: Drill) => {
  const path = await dataFile(drill);
  await truncate(path, (await readFile(path)).length - 1);
};
const flipIn = (file: string, offset: number) => async (drill: Drill) =>
  flip(join(await newestSet(drill), file), offset);

/** Found before anything is destroyed. */
const spared = (says: RegExp) => ({ verdict: "FAIL", says, untouched: true }) as const;

const damaged: Sabotage[] = [
  {
    name: "a dump cut by one byte",
    when: at.proof,
    how: "the largest data file is truncated by one byte",
    does: cut,
    expects: spared(/dump .* was altered: .* has \d+ bytes instead of \d+/),
  },
  {
    name: "one bit of a data file",
    when: at.proof,
    how: "one bit in the middle of the largest data file is flipped",
    does: async (drill) => {
      const path = await dataFile(drill);
      await flip(path, Math.floor((await readFile(path)).length / 2));
    },
    expects: spared(/was altered: data\/\d+\.dat\.gz has other content/),
  },
  {
    name: "one bit of the table of contents",
    when: at.proof,
    how: "one bit of toc.dat is flipped",
    does: flipIn("data/toc.dat", 400),
    expects: spared(/was altered: data\/toc\.dat has other content/),
  },
  {
    name: "one bit of the fingerprint",
    when: at.proof,
    how: "one bit of fingerprint.json is flipped",
    does: flipIn("fingerprint.json", 300),
    expects: spared(/was altered: fingerprint\.json has other content/),
  },
  {
    name: "one bit of the roles",
    when: at.proof,
    how: "one bit of roles.json is flipped",
    does: flipIn("roles.json", 10),
    expects: spared(/was altered: roles\.json has other content/),
  },
  {
    name: "one bit of the manifest",
    when: at.proof,
    how: "the last letter of a key is changed, so that its value is gone",
    does: async (drill) => {
      const path = join(await newestSet(drill), "manifest.json");
      const text = await readFile(path, "utf8");
      const digit = text.lastIndexOf('"') - 1;
      await flip(path, digit);
    },
    expects: spared(/manifest \S+ is not what was written/),
  },
  {
    name: "half a manifest",
    when: at.proof,
    how: "manifest.json is truncated to 100 bytes",
    does: async (drill) => truncate(join(await newestSet(drill), "manifest.json"), 100),
    expects: spared(/the manifest .* cannot be read/),
  },
  {
    name: "a data file is gone",
    when: at.proof,
    how: "the largest data file is removed",
    does: async (drill) => rm(await dataFile(drill)),
    expects: spared(/was altered: data\/\d+\.dat\.gz is missing/),
  },
  {
    name: "a file too many",
    when: at.proof,
    how: "a file is added to the dump",
    does: async (drill) => writeFile(join(await newestSet(drill), "data", "9999.dat.gz"), "no"),
    expects: spared(/was altered: data\/9999\.dat\.gz was added/),
  },
  {
    name: "an empty dump",
    when: at.proof,
    how: "the dump's data directory is emptied",
    does: async (drill) => {
      const data = join(await newestSet(drill), "data");
      for (const name of await readdir(data)) await rm(join(data, name));
    },
    expects: spared(/was altered: data\/\d+\.dat\.gz is missing/),
  },
  {
    name: "the dump of another database",
    when: at.proof,
    how: "pg_dump's output of database postgres is put in place of the dump's data",
    does: async (drill) => {
      const data = join(await newestSet(drill), "data");
      await rm(data, { recursive: true });
      const pgDump = join(drill.server.bin, "pg_dump");
      await execa(pgDump, ["--format=directory", `--file=${data}`, "postgres"], { env: drill.server.env });
    },
    expects: spared(/was altered: data\/\d+\.dat\.gz is missing/),
  },
  {
    name: "a backup older than the run",
    before: earlierBackup,
    when: at.proof,
    how: "an earlier, whole dump is put in place under this run's name and ID",
    does: async (drill) => {
      const [older = "", newest = ""] = (await readdir(dumpsOf(drill))).sort();
      await impersonate(join(dumpsOf(drill), older), join(dumpsOf(drill), newest));
    },
    expects: spared(/manifest of \S+ is not the one that this run wrote/),
  },
  {
    name: "a symbolic link in place of the dump",
    when: at.proof,
    how: "the dump is moved away and a symbolic link to it is left",
    does: async (drill) => {
      const set = await newestSet(drill);
      const away = join(drill.directory, "away");
      await rename(set, away);
      await symlink(away, set);
    },
    expects: spared(/is a symbolic link/),
    undo: (drill) => rm(join(drill.directory, "away"), { recursive: true, force: true }),
  },
  {
    name: "the directory of dumps is another one",
    when: at.proof,
    how: "the directory of dumps is moved away and a link to an empty directory is left",
    does: async (drill) => {
      await rename(dumpsOf(drill), join(drill.directory, "away"));
      await symlink(await script(drill, "empty", "").then(() => join(drill.directory, "scripts")), dumpsOf(drill));
    },
    expects: spared(/the dump \S+ is gone/),
    undo: (drill) => rm(join(drill.directory, "away"), { recursive: true, force: true }),
  },
  {
    name: "damaged after it was proven",
    when: at.destroy,
    how: "the largest data file is truncated by one byte",
    does: cut,
    expects: spared(/was altered: .* has \d+ bytes instead of/),
  },
  {
    name: "damaged after the destruction",
    when: at.restore,
    how: "the largest data file is truncated by one byte",
    does: cut,
    expects: { verdict: "FAIL", says: /was altered: .* has \d+ bytes instead of/ },
  },
  {
    name: "gone after the destruction",
    when: at.restore,
    how: "the dump is removed",
    does: async (drill) => rm(await newestSet(drill), { recursive: true }),
    expects: { verdict: "FAIL", says: /the dump \S+ is gone/ },
  },
  {
    name: "swapped after the destruction",
    before: earlierBackup,
    when: at.restore,
    how: "an earlier, whole dump is put in place under this run's name and ID",
    does: async (drill) => {
      const [older = "", newest = ""] = (await readdir(dumpsOf(drill))).sort();
      await impersonate(join(dumpsOf(drill), older), join(dumpsOf(drill), newest));
    },
    expects: { verdict: "FAIL", says: /is not the dump that this run made and verified/ },
  },
  {
    name: "the fingerprint is gone after the restore",
    when: at.verify,
    how: "fingerprint.json is removed from the dump",
    does: async (drill) => rm(join(await newestSet(drill), "fingerprint.json")),
    expects: { verdict: "FAIL", says: /fingerprint\.json is missing/ },
  },
];

const dumping = (name: string, how: string, text: string, says: RegExp): Sabotage => ({
  name,
  how,
  before: async (drill) => drill.hooks.replace("^\\S*pg_dump .*--snapshot", await script(drill, "pg_dump.sh", text)),
  expects: spared(says),
});
const fileArgument = 'for word in "$@"; do case $word in --file=*) file=${word#--file=} ;; esac; done';

const lying: Sabotage[] = [
  dumping(
    "pg_dump that writes nothing",
    "pg_dump is a script that exits 0",
    "exit 0",
    /pg_dump said that it was done but wrote nothing/,
  ),
  dumping(
    "pg_dump that makes a directory and no more",
    "pg_dump is a script that makes its directory and exits 0",
    `${fileArgument}\nmkdir "$file"`,
    /pg_dump said that it was done but .* is empty/,
  ),
  dumping(
    "pg_dump that stops half-way and says that all is well",
    "every data file of the real pg_dump is cut to its half, exit code 0",
    `${fileArgument}\n"$@" || exit\nfor one in "$file"/*.gz; do truncate -s $(($(stat -c %s "$one") / 2)) "$one"; done`,
    /cannot be read to its end/,
  ),
  dumping(
    "pg_dump that leaves out the rows of a table",
    "the real pg_dump, with --exclude-table-data",
    '"$@" --exclude-table-data=public.customer',
    /holds no data of public\.customer/,
  ),
  dumping(
    "pg_dump that leaves out the rows of a table with a quoted name",
    "the real pg_dump, with --exclude-table-data",
    `"$@" --exclude-table-data='public."Order"'`,
    /holds no data of public\."Order"/,
  ),
  dumping(
    "pg_dump that leaves out the large objects",
    "the real pg_dump, with --no-blobs",
    '"$@" --no-blobs',
    /holds no large objects/,
  ),
  dumping(
    "pg_dump that dumps no rows",
    "the real pg_dump, with --schema-only",
    '"$@" --schema-only',
    /holds no data of/,
  ),
  dumping(
    "pg_dump that dumps another database",
    "the real pg_dump, with PGDATABASE changed and without the snapshot",
    'PGDATABASE=postgres; export PGDATABASE\nfor word in "$@"; do shift; case $word in --snapshot=*) ;; *) set -- "$@" "$word" ;; esac; done\n"$@"',
    /holds no data of/,
  ),
  {
    name: "pg_restore that restores nothing and says that all is well",
    how: "pg_restore is a script that exits 0, as soon as it shall write into a database",
    before: async (drill) => drill.hooks.replace("pg_restore .*--dbname", await script(drill, "nothing.sh", "exit 0")),
    expects: { verdict: "FAIL", says: /Rows and checksums of tables: .*public\.customer is missing/s },
  },
  {
    name: "pg_restore that restores an older dump",
    how: "pg_restore gets the data of an earlier dump as its last argument",
    before: async (drill) => {
      const older = await earlierBackup(drill);
      const text = `for word in "$@"; do shift; case $word in ${dumpsOf(drill)}/*) word=${older}/data ;; esac; set -- "$@" "$word"; done\n"$@"`;
      return drill.hooks.replace("pg_restore .*--dbname", await script(drill, "older.sh", text));
    },
    expects: { verdict: "FAIL", says: /Sentinel of this run: no sentinel/ },
  },
  {
    name: "pg_restore that leaves out an index",
    how: "the real pg_restore with a list that lacks order_total",
    before: async (drill) => {
      const text = `for word in "$@"; do data=$word; done\n"$1" --list "$data" | grep -v order_total >${drill.directory}/scripts/list\n"$@" --use-list=${drill.directory}/scripts/list`;
      return drill.hooks.replace("pg_restore .*--dbname", await script(drill, "index.sh", text));
    },
    expects: { verdict: "FAIL", says: /index public\.order_total is missing/ },
  },
  {
    name: "pg_restore that is killed",
    when: { moment: "program", what: "pg_restore .*--dbname" },
    how: "pg_restore gets SIGTERM as it begins",
    does: async (drill, run) => {
      const { pid } = (await drill.hooks.effects()).findLast(
        ({ moment, what }) => moment === "program" && /pg_restore .*--dbname/.test(what),
      )!;
      process.kill(pid, "SIGTERM");
      await run.until("restore/shop", "waiting");
    },
    expects: { verdict: "FAIL", says: /pg_restore ended with/ },
  },
];

sabotages(() => stage, [...damaged, ...lying]);
