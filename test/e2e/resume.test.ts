import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runName } from "../../src/report/begin.ts";
import { recheck } from "../../src/report/recheck.ts";
import type { RunRecord, RunType } from "../../src/report/record.ts";
import type { Rule } from "../hook/rules.ts";
import { createDrill, type Drill, type DrillRun, pgbackrest, pgdump } from "../support/drill.ts";

/** Runs that were closed in the middle, and go on: with real databases, wherever they stopped and however they ended. */

type Kind = "pgdump" | "pgbackrest";
const drills: Partial<Record<Kind, Drill>> = {};
const nameOf = { pgdump: "shop", pgbackrest: "ledger" };

beforeAll(async () => {
  for (const kind of ["pgdump", "pgbackrest"] as const) {
    const drill = await createDrill({ archive: kind === "pgbackrest", hooks: true });
    drills[kind] = drill;
    await drill.plan(kind === "pgdump" ? pgdump(drill) : pgbackrest(drill, { backup: "full" }));
    await drill.startWorker();
  }
});
afterAll(() => Promise.all(Object.values(drills).map((drill) => drill.remove())));

const isRetention = ({ id }: { id: string }) => id === "report/retention/shop";

type Closing = "terminate" | "cancel" | "abort";
interface Row {
  kind: Kind;
  at: Omit<Rule, "id" | "hold" | "replace">;
  closing: Closing;
  scenario?: "none";
  type?: RunType;
  /** Steps that are taken over, without the component's name. */
  carried: string[];
}

const whatLedToTheLoss = ["preflight", "plant", "backup", "backup/proof", "destroy"];
const all = [...whatLedToTheLoss, "restore/control", "restore", "verify"];
const dropped = { moment: "sql-end", step: "destroy/shop", what: "^drop database" } as const;

const rows: Row[] = [
  { kind: "pgdump", at: { moment: "step-begin", step: "backup/shop" }, closing: "cancel", carried: [] },
  { kind: "pgdump", at: { moment: "step-begin", step: "destroy/shop" }, closing: "terminate", carried: [] },
  { kind: "pgdump", at: dropped, closing: "terminate", carried: whatLedToTheLoss.slice(0, 4) },
  { kind: "pgdump", at: { moment: "step-begin", step: "restore/shop" }, closing: "abort", carried: whatLedToTheLoss },
  { kind: "pgdump", at: { moment: "step-end", step: "restore/shop" }, closing: "cancel", carried: whatLedToTheLoss },
  { kind: "pgdump", at: { moment: "step-end", step: "verify/place/shop" }, closing: "terminate", carried: all },
  {
    kind: "pgdump",
    at: { moment: "step-begin", step: "report/retention/shop" },
    closing: "cancel",
    carried: [...all, "verify/place"],
  },
  {
    kind: "pgdump",
    at: { moment: "step-begin", step: "restore/shop" },
    closing: "terminate",
    scenario: "none",
    carried: [],
  },
  {
    kind: "pgdump",
    at: { moment: "step-begin", step: "backup/proof/shop" },
    closing: "terminate",
    type: "backup",
    carried: ["preflight", "backup"],
  },
  {
    kind: "pgbackrest",
    at: { moment: "step-end", step: "destroy/ledger" },
    closing: "terminate",
    carried: whatLedToTheLoss.slice(0, 4),
  },
  {
    kind: "pgbackrest",
    at: { moment: "step-end", step: "restore/ledger" },
    closing: "abort",
    carried: whatLedToTheLoss,
  },
  { kind: "pgbackrest", at: { moment: "step-end", step: "verify/place/ledger" }, closing: "terminate", carried: all },
];

/** Ends the run while it stands at its point. */
async function close(run: DrillRun, how: Closing): Promise<void> {
  if (how === "terminate") await run.handle.terminate("test");
  else if (how === "cancel") await run.handle.cancel();
  else await run.handle.executeUpdate("pause", { args: [{ by: "bert", reason: "to give it up" }] });
}

async function closedRun(drill: Drill, { at, closing, scenario, type = "exercise", kind }: Row): Promise<DrillRun> {
  const hold = await drill.hooks.hold(at);
  const run = await drill.start(type, scenario === undefined ? {} : { scenario });
  await hold.reached();
  await close(run, closing);
  await hold.release();
  if (closing === "abort") {
    // The step goes on to its end; the next one waits, because the run is paused.
    const next = { restore: `verify/${nameOf[kind]}` }[at.step!.split("/")[0]!]!;
    await run.until(next, "paused");
    await run.decide(next, "abort");
  }
  await run.handle.result().catch(() => "it was closed");
  return run;
}

/** As `firedrill resume` does it: under the same workflow ID. */
async function resume(drill: Drill, run: DrillRun, more: object = {}): Promise<{ next: DrillRun; old: RunRecord }> {
  const old = await run.record();
  const { type, scenario } = old.run;
  const next = await drill.start(type, {
    ...(type === "exercise" && { scenario }),
    resume: runName(old.run),
    by: "carla",
    ...more,
  });
  return { next, old };
}

describe.each(["pgdump", "pgbackrest"] as const)("%s", (kind) => {
  test.each(rows.filter((row) => row.kind === kind))(
    "$closing at $at.moment of $at.step",
    { timeout: 120_000 },
    async (row) => {
      const drill = drills[kind]!;
      await drill.hooks.clear();
      const run = await closedRun(drill, row);
      await drill.hooks.clear();
      const { next, old } = await resume(drill, run);
      const record = await next.end();
      expect(record.verdict, JSON.stringify([record.summary, record.diagnosis], null, 1)).toBe("PASS");
      const carried = record.steps.filter(({ carriedOver }) => carriedOver);
      expect(carried.map(({ id }) => id).toSorted()).toEqual(
        row.carried.map((verb) => `${verb}/${nameOf[kind]}`).toSorted(),
      );
      for (const step of carried)
        expect(step).toMatchObject({ endedAt: old.steps.find(({ id }) => id === step.id)!.endedAt });
      const begun = (await drill.hooks.effects())
        .filter(({ moment }) => moment === "step-begin")
        .map(({ step }) => step);
      expect(begun.filter((id) => carried.some((step) => step.id === id))).toEqual([]);
      expect(record.earlier).toMatchObject([{ runId: old.run.runId, by: "anna" }]);
      expect(record.leftovers).toEqual([]);
      expect(recheck(JSON.parse(JSON.stringify(record))).found).toEqual([]);
    },
  );
});

test("a dump is spared as long as what came back of it is not proven", async () => {
  const drill = drills.pgdump!;
  await drill.hooks.clear();
  await drill.plan(pgdump(drill, { retention: { count: 1 } }));
  const verifying = await drill.hooks.hold({ moment: "step-begin", step: "verify/shop" });
  const run = await drill.start();
  await verifying.reached();
  const names = await drill.server.sql<{ name: string }>("postgres", "select datname as name from pg_database");
  await drill.server.sql(
    names.find(({ name }) => name.startsWith("shop_"))!.name,
    `delete from "Order" where id > 100`,
  );
  await verifying.release();
  await run.until("verify/shop", "waiting");
  await run.decide("verify/shop", "skip");
  const record = await run.end();
  expect(record.verdict).toBe("FAIL");
  const backup = await (await drill.start("backup")).end();
  expect(backup.steps.find(isRetention)!.note).toContain(`kept ${record.components[0]!.backup!.id}, because run `);
  await rm(join(drill.directory, "dumps"), { recursive: true });
  await drill.plan(pgdump(drill));
});

test("one that was given up while it looked what is left is resumed as what it was to resume", async () => {
  const drill = drills.pgdump!;
  await drill.hooks.clear();
  const at = { moment: "step-begin", step: "restore/shop" } as const;
  const lost = await closedRun(drill, { kind: "pgdump", at, closing: "terminate", carried: [] });
  await drill.server.sql("postgres", "create database shop");
  const { next: given } = await resume(drill, lost);
  await given.until("preflight/resume/shop", "waiting");
  await given.decide("preflight/resume/shop", "abort");
  await given.handle.result().catch(() => "it was given up");
  await drill.server.sql("postgres", "drop database shop");
  const { next } = await resume(drill, given);
  const record = await next.end();
  expect(record.verdict, record.summary).toBe("PASS");
  expect(record.earlier.map(({ runId }) => runId)).toEqual([
    (await lost.record()).run.runId,
    (await given.record()).run.runId,
  ]);
  const carried = record.steps.filter(({ carriedOver }) => carriedOver).map(({ id }) => id);
  expect(carried.toSorted()).toEqual(whatLedToTheLoss.map((verb) => `${verb}/shop`).toSorted());
  expect(recheck(JSON.parse(JSON.stringify(record))).found).toEqual([]);
});

test("a dump that is all that is left of a database is spared until it is back, and forgotten then", async () => {
  const drill = drills.pgdump!;
  await drill.hooks.clear();
  await drill.plan(pgdump(drill, { retention: { count: 1 } }));
  const at = { moment: "step-begin", step: "restore/shop" } as const;
  const lost = await closedRun(drill, { kind: "pgdump", at, closing: "terminate", carried: [] });
  const { id } = (await lost.record()).components[0]!.backup!;
  const retained = async () => (await (await drill.start("backup")).end()).steps.find(isRetention)!.note!;
  await drill.server.sql("postgres", "create database shop");
  for (const _ of [1, 2]) {
    const note = await retained();
    expect(note).toMatch(/^2 dumps kept, \d+ removed; kept /);
    expect(note).toContain(`kept ${id}, because run ${lost.handle.workflowId} destroyed database shop on `);
  }
  await drill.server.sql("postgres", "drop database shop");
  const { next } = await resume(drill, lost);
  expect((await next.end()).verdict).toBe("PASS");
  expect(await retained()).toBe("1 dumps kept, 2 removed");

  // What a run had noted and did not come to destroy is as free as any other; a note that cannot be read counts.
  const hold = await drill.hooks.hold({ moment: "sql-begin", step: "destroy/shop", what: "^drop database" });
  const spared = await drill.start();
  await hold.reached();
  await drill.killWorker();
  await spared.handle.terminate("test");
  await hold.release();
  const notes = async () => (await readdir(join(drill.directory, "dumps"))).filter((name) => name.endsWith(".json"));
  const [note = ""] = await notes();
  await drill.startWorker();
  expect(await retained()).toBe("1 dumps kept, 2 removed");
  expect(await notes()).toEqual([]);
  const [left = ""] = await readdir(join(drill.directory, "dumps"));
  await writeFile(join(drill.directory, "dumps", note.replace(/^[^.]+/, left)), '{"run":');
  await drill.server.sql("postgres", "alter database shop rename to moved");
  await drill.server.sql("postgres", "create database shop");
  expect(await retained()).toMatch(new RegExp(`^2 dumps kept, 0 removed; kept ${left} \\(.*needed.json`));
  await writeFile(join(drill.directory, "dumps", note.replace(/^[^.]+/, left)), "null");
  expect(await retained()).toContain("needed.json is no note of Firedrill)");
  await drill.server.sql("postgres", "drop database shop");
  await drill.server.sql("postgres", "alter database moved rename to shop");
  await drill.plan(pgdump(drill));
});

describe("what cannot be resumed says why", () => {
  const shop = () => drills.pgdump!;

  async function refusal(run: DrillRun, more: object = {}): Promise<string> {
    const { next } = await resume(shop(), run, more);
    const error = (await next.handle.result().catch((one: unknown) => one)) as { cause?: { cause?: Error } & Error };
    return error.cause?.cause?.message ?? error.cause?.message ?? "it was resumed";
  }

  test("a run that is over, that is under way, that was resumed already, another one, and none", async () => {
    await shop().hooks.clear();
    const row: Row = {
      kind: "pgdump",
      at: { moment: "step-begin", step: "backup/shop" },
      closing: "cancel",
      carried: [],
    };
    const run = await closedRun(shop(), row);
    expect(await refusal(run, { resume: "../../etc" })).toMatch(/no name of a run's records/);
    expect(await refusal(run, { resume: "nothing-12345678" })).toMatch(/has no record .*nothing-12345678/);
    expect(await refusal(run, { scenario: "none" })).toMatch(/is another one: exercise of drill, scenario database/);
    await shop().hooks.clear();
    const hold = await shop().hooks.hold({ moment: "step-begin", step: "backup/shop" });
    const { next } = await resume(shop(), run);
    await hold.reached();
    expect(await refusal(run)).toMatch(/was resumed already, by run ID/);
    expect(await refusal(next)).toMatch(/is under way/);
    await hold.release();
    expect((await next.end()).verdict).toBe("PASS");
    expect(await refusal(next)).toMatch(/is over: PASS/);
  });
});
