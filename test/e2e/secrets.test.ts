import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, lstat, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { canariesBelow, canariesIn } from "../support/canaries.ts";
import { pgdump, step } from "../support/drill.ts";
import { startRudeServer } from "../support/rude-server.ts";
import {
  all,
  beginStory,
  canaries,
  hidden,
  ledger,
  nasty,
  type Story,
  workerSecrets,
} from "../support/secret-story.ts";

/**
 * Runs of both kinds with every sort of failure, with canary secrets wherever a secret can be, under umask 000; afterwards
 * all that is left of them is searched. `story` is told once, the tests look at it.
 */
let story: Story;
/** Paths that others could read, seen while a cluster was being verified and after all. */
const open: string[] = [];
beforeAll(async () => {
  story = await beginStory();
  const umask = process.umask(0);
  await story.drill.startWorker(workerSecrets());
  process.umask(umask);
  const ready = async () => expect(await story.drill.workerLog()).toContain("the worker is ready");
  await vi.waitFor(ready, { timeout: 60_000 });
  await failingPrograms();
  await bothKindsAndAKill();
  await passwordsThatAreRepeated();
  await refusedAndWronglyWritten();
  await terminated();
  open.push(...(await openBelow(story.drill.directory)));
});
afterAll(async () => await story?.close());

/** pg_dump and pg_restore that fail, and say all that they know. */
async function failingPrograms(): Promise<void> {
  const { drill } = story;
  await drill.plan(nasty(drill));
  const say = `printf '%s' "$PGPASSWORD" | cut -c1-9 | tr -d '\\n' >&2; printf '%s' "$PGPASSWORD" | cut -c10- >&2; printf 'password=%s\\n' "$PGPASSWORD"; env >&2`;
  const mend = await story.script("pg_dump .*--snapshot", `${say}; exit 1`);
  const run = await story.start("exercise", { scenario: "none" });
  await run.until("backup/shop", "waiting");
  await story.firedrill("status", run.handle.workflowId, "--json");
  await mend();
  const rows = `COPY t, line 1, column a: "${canaries.row.secret}"`;
  const detail = `pg_restore: error: ERROR: invalid input syntax for type integer: "${canaries.row.secret}"\nCONTEXT: ${rows}\nCommand was: CREATE USER MAPPING FOR dr OPTIONS (password '${canaries.mapping.secret}');`;
  const file = join(drill.directory, "pg", "detail");
  await writeFile(file, detail);
  await story.script("pg_restore --jobs", `cat ${file} >&2; echo; ${say.replace("; env >&2", "")}; exit 1`);
  await run.decide("backup/shop", "retry");
  await run.until("restore/shop", "waiting");
  await run.decide("restore/shop", "abort");
  await run.end();
  await drill.hooks.clear();
}

/** A run that passes; and a worker that is killed while the private server of a cluster runs; the next one ends the run. */
async function bothKindsAndAKill(): Promise<void> {
  const { drill } = story;
  const whole = await story.start("exercise", { scenario: "none" });
  expect((await whole.end()).verdict).toBe("PASS");
  await drill.plan(ledger(drill));
  const verify = await drill.hooks.hold({ moment: "step-end", step: "^verify/ledger$" });
  const run = await story.start("exercise", { scenario: "none" });
  await verify.reached(90_000);
  const { directory } = await run.record();
  const own = (await readdir("/tmp")).filter((name) => name.startsWith(`firedrill-${directory.slice(-8)}`));
  expect(own).toHaveLength(1);
  for (const name of own) open.push(...(await openBelow(join("/tmp", name))));
  open.push(...(await openBelow(drill.directory)));
  await drill.killWorker();
  await verify.release();
  await drill.startWorker(workerSecrets());
  const record = await run.end();
  expect(record.verdict).toBe("PASS");
  await story.firedrill("report", run.handle.workflowId, "--format", "md");
}

async function passwordsThatAreRepeated(): Promise<void> {
  const { drill } = story;
  const rude = await startRudeServer();
  const at = (name: string, password: object) =>
    pgdump(drill, {
      name,
      database: name,
      dumps: join(drill.directory, "dumps", name),
      connection: { port: rude.port, password },
    });
  const file = (name: string) => ({ file: join(drill.directory, name) });
  await drill.plan([
    at("nasty", { env: "SHOP_LOGIN" }),
    at("short", file("short")),
    at("long", file("long")),
    at("file", file("login")),
  ]);
  const run = await story.start("exercise", { scenario: "none" });
  for (const name of ["nasty", "short", "long", "file"]) await waitsAt(run, `preflight/${name}`);
  expect(rude.asked()).toBeGreaterThanOrEqual(4);
  await run.decide("preflight/long", "retry");
  await waitsAt(run, "preflight/long");
  await run.handle.cancel();
  await run.end();
  rude.close();
}

async function waitsAt(run: Story["runs"][number], id: string): Promise<void> {
  const waits = async () => expect(step(await run.record(), id).status).toBe("waiting");
  await vi.waitFor(waits, { timeout: 30_000 });
}

async function refusedAndWronglyWritten(): Promise<void> {
  const { drill } = story;
  await drill.server.sql("postgres", "alter role dr valid until '2001-01-01'");
  await drill.plan(nasty(drill));
  const run = await story.start("exercise", { scenario: "none" });
  await run.until("preflight/shop", "waiting");
  await drill.server.sql("postgres", "alter role dr valid until 'infinity'");
  await drill.plan(nasty(drill), { environment: "production" });
  await run.decide("preflight/shop", "abort");
  await run.end();
  const literal = await drill.client.workflow.start("exercise", {
    taskQueue: drill.taskQueue,
    workflowId: `literal-${Date.now()}`,
    args: [{ plan: "literal", by: "anna", reason: canaries.probe.secret }],
  });
  await literal.result().catch((error: unknown) => story.watched.push(error));
  story.runs.push({ ...run, handle: literal });
  const checked = await story.firedrill("plan", "check", join(drill.directory, "plans", "literal.yaml"));
  expect(checked).toMatchObject({ exitCode: 2, all: expect.stringContaining("components[7]") as string });
  const named = ["--yes", "--target", "shop"];
  await story.firedrill("exercise", "literal", ...named, "--json", "--reason", "test");
  const refused = await story.firedrill("exercise", "drill", ...named, "--json", "--reason", canaries.probe.secret);
  expect(refused.exitCode).toBe(3);
}

/** Ended from outside while it dumped; a worker that starts afterwards sweeps. */
async function terminated(): Promise<void> {
  const { drill } = story;
  const hold = await drill.hooks.hold({ moment: "program", step: "^backup", what: "pg_dump .*--snapshot" });
  const run = await story.start("exercise", { scenario: "none" });
  await hold.reached();
  const { directory } = await run.record();
  await run.handle.terminate("for the test");
  await drill.killWorker();
  await hold.release();
  await drill.startWorker(workerSecrets());
  const swept = async () =>
    expect(await readFile(join(directory, "report.json"), "utf8")).toContain("Ended from outside");
  await vi.waitFor(swept, { timeout: 30_000 });
}

/** How the name begins of what a run puts into /tmp; others, of other tests and of the lab, lie beside it. */
const besides = (runId: string) => `firedrill-${runId.replaceAll("-", "").slice(-8)}`;

/** Canaries in what the story's runs have left in /tmp. */
async function canariesBesides(): Promise<string[]> {
  const own = await Promise.all(story.runs.map(async ({ handle }) => besides((await handle.describe()).runId)));
  const left = (await readdir("/tmp")).filter((name) => own.some((beginning) => name.startsWith(beginning)));
  return (await Promise.all(left.map((name) => canariesBelow(join("/tmp", name), hidden)))).flat();
}

/** Entries below a directory that others than their owner could use; of `pg`, the lab's own, only what a run made. */
async function openBelow(directory: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const ours = !directory.startsWith("/tmp/fd-") || /^\/tmp\/fd-[^/]+\/(state|records|dumps)(\/|$)/.test(path);
    const mode = ours && !entry.isSymbolicLink() ? (await lstat(path).catch(() => ({ mode: 0 }))).mode & 0o777 : 0;
    // pgBackRest's archive-get pays no heed to the umask; nobody else comes into the data directory above.
    const wal = mode === 0o640 && /\/data\/pg_wal\/[0-9A-F]{24}$/.test(path);
    // The way to a scratch cluster may be walked by its server's user, not listed.
    const way = entry.isDirectory() && mode === 0o711 && /\/state(\/runs(\/[^/]+(\/scratch)?)?)?$/.test(path);
    if ((mode & 0o077) !== 0 && !way && !wal) found.push(`${mode.toString(8)} ${path}`);
  }
  return found;
}

describe("no canary leaves its place", () => {
  test("the history of each run, every payload decoded; and its failure", async () => {
    for (const { handle } of story.runs) {
      const history = await handle.fetchHistory();
      const failure: unknown = await handle.result().catch((error: unknown) => error);
      expect(canariesIn([history, failure], all)).toEqual(["probe"]);
    }
    expect(story.runs).toHaveLength(7);
  });

  test("heartbeats, memo, search attributes, details, summaries, metrics and answers to queries", async () => {
    for (const { handle } of story.runs) {
      const metadata: unknown = await handle.query("__temporal_workflow_metadata").catch((error: unknown) => error);
      const record: unknown = await handle.query("record").catch((error: unknown) => error);
      story.watched.push(metadata, record, (await handle.describe()).raw);
    }
    expect(story.watched.length).toBeGreaterThan(50);
    expect(canariesIn(story.watched, [...hidden, canaries.probe])).toEqual(["probe"]);
    expect(JSON.stringify(story.watched)).toMatch(/pendingActivities.*firedrill_last_run_verdict\{/);
  });

  test("the database file and the log of the Temporal server", async () => {
    const found = await canariesBelow(story.temporalDirectory, all);
    expect(found.filter((one) => !one.startsWith("probe"))).toEqual([]);
    expect(found.join(" ")).toContain("probe");
  });

  test("what `firedrill` prints, --json too", () => {
    expect(canariesIn(story.printed, all)).toEqual(["probe"]);
    expect(story.printed).toHaveLength(5);
  });

  test("the worker's log", async () => {
    const log = await story.drill.workerLog();
    expect(canariesIn(log, hidden)).toEqual([]);
    expect(log).toMatch(/password .* refuse|refuses user/);
  });

  test("files: records, state, dumps and all that lies below the drill's directory and /tmp", async () => {
    const { directory } = story.drill;
    const below = (path: string) => new RegExp(`^${directory}/${path}`);
    const found = await canariesBelow(directory, all, [
      // Where a person has put them.
      [/./, below("(needles.json|login|long|short|literal-config.yaml|plans/literal.yaml)$")],
      // The lab's server and its backups: the data itself.
      [/./, below("pg/")],
      // The dump is the data; settings of the database belong to it.
      [/^(row|setting|mapping)$/, below("dumps/")],
      // The effects log of these tests shows statements.
      [/^setting$/, below("hook/effects.jsonl$")],
      // Programs' own logs may repeat rows.
      [/^row$/, below("state/runs/[^/]+/jobs/.*log$")],
      [/^probe$/, below("(records|state)/")],
    ]);
    expect(found).toEqual([]);
    const records = await canariesBelow(join(directory, "records"), all);
    expect(new Set(records.map((one) => one.split(" ")[0]))).toEqual(new Set(["probe"]));
    expect(new Set(records.map((one) => basename(one)))).toEqual(
      new Set(["report.json", "report.md", "report.html", "trail.jsonl"]),
    );
    expect(await canariesBesides()).toEqual([]);
    const planted = join("/tmp", `${besides((await story.runs[0]!.handle.describe()).runId)}-planted`, "deep", "er");
    await mkdir(planted, { recursive: true });
    await writeFile(join(planted, "file"), canaries.env.secret);
    expect(await canariesBesides()).toEqual([`env ${join(planted, "file")}`]);
    await rm(join(planted, "..", ".."), { recursive: true });
  });

  test("password hashes stand in roles.json and nowhere else of a dump", async () => {
    const [role] = await story.drill.server.sql<{ hash: string }>(
      "postgres",
      "select rolpassword as hash from pg_authid where rolname = 'dr'",
    );
    const hash = { name: "hash", secret: "", needles: [Buffer.from(role!.hash.split("$")[2]!)] };
    const found = await canariesBelow(story.drill.directory, [hash], [[/./, /\/(pg|hook)\//]]);
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter((path) => !path.endsWith("/roles.json"))).toEqual([]);
    const histories = await Promise.all(story.runs.map(async ({ handle }) => await handle.fetchHistory()));
    expect(canariesIn(histories, [hash])).toEqual([]);
  });

  test("no command line; environments only of those that must have it", async () => {
    const planted = spawn("sh", ["-c", "sleep 5; :", canaries.probe.secret], {
      env: { ...process.env, X: canaries.probe.secret },
    });
    await expect.poll(story.sightings).toContainEqual(expect.objectContaining({ where: "cmdline", name: "probe" }));
    planted.kill("SIGKILL");
    await once(planted, "exit");
    const seen = await story.sightings();
    expect(seen.filter(({ where, name }) => where === "cmdline" && name !== "probe")).toEqual([]);
    const own = /src\/worker\.ts|bin\/firedrill\.js/;
    const mayHave = (name: string) =>
      name === "env"
        ? // The first ones are what the test's own wrapper and scripts call.
          /^(env|sed|cut|tr|date|cat|mkdir|mv|sleep) |src\/worker\.ts|bin\/firedrill\.js|supervisor\.ts|dump-program|heartbeat\.ts|pg_dump|pg_restore|wrapper\.sh|script-\d/
        : own;
    const strangers = seen.filter(
      ({ where, name, command }) => where === "environ" && name !== "probe" && !mayHave(name).test(command),
    );
    expect(strangers).toEqual([]);
    expect(seen.filter(({ where, name }) => where === "environ" && name === "env").length).toBeGreaterThan(3);
  });
});

test("under umask 000 no file or directory of a run is open to others, nor after a crash", async () => {
  expect([...new Set(open)]).toEqual([]);
  const planted = join(story.drill.directory, "records", "planted");
  await writeFile(planted, "");
  await chmod(planted, 0o604);
  expect(await openBelow(story.drill.directory)).toEqual([`604 ${planted}`]);
});

test("the search finds a canary in every way of writing it", () => {
  const { secret } = canaries.env;
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const ways = [
    secret,
    JSON.stringify(secret),
    encodeURIComponent(secret),
    base64(secret),
    base64(`a${secret}`),
    base64(`ab${secret}c`),
  ];
  for (const way of [...ways, Buffer.from(secret).toString("hex")]) {
    expect(canariesIn({ deep: [{ data: Buffer.from(`x${way}y`) }] }, all)).toEqual(["env"]);
    expect(canariesIn(new Error("x", { cause: new Error(way) }), all)).toEqual(["env"]);
  }
  for (const way of [canaries.short.secret, encodeURIComponent(canaries.short.secret)])
    expect(canariesIn(way, all)).toEqual(["short"]);
  expect(canariesIn(canaries.long.secret.slice(1_000, 1_040), all)).toEqual(["long"]);
});
