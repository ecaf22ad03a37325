import { afterAll, beforeAll, expect, test } from "vitest";
import { recheck } from "../../src/report/recheck.ts";
import { step } from "../support/drill.ts";
import { rowsOfRun } from "../support/matrix.ts";
import { play, strike } from "./driver.ts";
import { beforeLoss } from "./rows-before.ts";
import { ofOrchestrator, withOrchestrator } from "./rows-orchestrator.ts";
import { inRebuild } from "./rows-rebuild.ts";
import { inRestore } from "./rows-restore.ts";
import { componentsOf, openStage, planOf, reset, type Stage } from "./stage.ts";

/** The drill of a whole cluster with one thing broken on purpose in each row: none may end in PASS. */

const rows = [...beforeLoss, ...inRebuild, ...inRestore, ...ofOrchestrator];

let stage: Stage;
beforeAll(async () => void (stage = await openStage("sabotage-cluster")), 600_000);
afterAll(() => stage.remove());

test("each row has a name of its own, and there are enough of them", () => {
  expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
  expect(rows.length).toBeGreaterThanOrEqual(30);
});

test.each(rowsOfRun(rows).map((row) => [row.name, row] as const))("%s", async (_, row) => await play(stage, row));

test("without sabotage it passes afterwards, with the volume restored by the orchestrator", async () => {
  await reset(stage);
  await stage.plan(componentsOf(stage, withOrchestrator.plan()), planOf(stage, {}));
  await stage.work();
  const hold = await stage.hooks.hold({ moment: "step-begin", step: `^${withOrchestrator.when}$` });
  const run = await stage.start("exercise", { scenario: "cluster" });
  await strike(stage, withOrchestrator, run, hold);
  const record = await run.end();
  expect(record, record.summary).toMatchObject({ verdict: "PASS", refusals: [], diagnosis: [], leftovers: [] });
  expect(step(record, "restore/data").note).toContain("restored by Job longhorn-system/restore-volumes");
  expect(recheck(record).found).toEqual([]);
});
