import { expect, test } from "vitest";
import type { Resumed } from "../../src/activities/resume.ts";
import type { Remains } from "../../src/activities/verbs.ts";
import { outline } from "../../src/plan/outline.ts";
import { newComponent, newRecord } from "../../src/report/begin.ts";
import { takeOver } from "../../src/workflows/carry.ts";
import { newStep } from "../../src/workflows/journal.ts";
import { wholeCluster } from "../support/plans.ts";

/** What a restore of a whole cluster that is resumed takes over from the one before. */

const plan = wholeCluster();
const stepsOf = () =>
  outline("restore", "cluster", plan.components, { layers: ["machines"], resumes: true }).map((one) =>
    newStep(one, null),
  );
const componentsIn = (directory: string) => plan.components.map((one) => newComponent(one, plan, directory));

/** @param done steps that the run before has finished */
function carried(target: Remains["target"], done: RegExp): { steps: string[]; directory: string } {
  const about = {
    workflowId: "w",
    runId: "r",
    type: "restore",
    scenario: "cluster",
    toTime: null,
    by: "anna",
    reason: "",
  } as const;
  const record = newRecord(about, plan.name, "2026-01-01T00:00:00Z");
  Object.assign(record, { steps: stepsOf(), components: componentsIn("new") });
  const backup = { id: "b", completedAt: "", bytes: 1, location: "", sha256: null };
  const results = {
    "preflight/homelab": { target: "", facts: {}, note: "" },
    "restore/data": { place: "", backup, waits: [], note: "" },
  };
  const of = { results, tries: {} };
  const resumed = {
    steps: stepsOf().map((step) => ({ ...step, status: done.test(step.id) ? "done" : step.status })),
    components: componentsIn("old"),
    of: { homelab: of, data: of },
  } as unknown as Resumed;
  takeOver(record, resumed, Object.fromEntries(plan.components.map(({ name }) => [name, { target, note: "" }])));
  const data = record.components.find(({ name }) => name === "data")!;
  return {
    steps: record.steps.filter(({ carriedOver }) => carriedOver).map(({ id }) => id),
    directory: data.directory,
  };
}

const looked = ["preflight/homelab", "preflight/layer/machines"];

test("refused before: nothing, so that it is asked again whether the cluster is there", () => {
  for (const target of ["gone", "placed", "there"] as const)
    expect(carried(target, /^preflight\/(homelab|layer)/).steps).toEqual([]);
});

test("another cluster answers by now: nothing, so that the guards are asked", () => {
  expect(carried("there", /^(preflight|rebuild|restore)\//).steps).toEqual([]);
});

test("still nobody answers: what was looked at, and no volume, which went with what was made", () => {
  expect(carried("gone", /^(preflight|rebuild|restore)\//).steps).toEqual(looked);
});

test("the new cluster answers: its restored volumes as well, in the directory that knows their backups", () => {
  expect(carried("placed", /^(preflight|rebuild|restore)\//)).toEqual({
    steps: [...looked, "restore/data"],
    directory: "old",
  });
  // What it had begun of the volume lies there too.
  expect(carried("placed", /^(preflight|rebuild)\//)).toEqual({ steps: looked, directory: "old" });
  expect(carried("there", /^(preflight|rebuild)\//).directory).toBe("new");
});
