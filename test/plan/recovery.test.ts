import { readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { viewLines } from "../../src/cli/view.ts";
import { outline } from "../../src/plan/outline.ts";
import { recoveries, recoveryText } from "../../src/plan/recovery.ts";
import { recoveryDocs } from "../../src/plan/recovery-docs.ts";
import { besideTheLive, recoveriesOfKind } from "../../src/plan/recovery-kinds.ts";
import { outlineOfVerb, type StepVerb, verbOf } from "../../src/plan/steps.ts";
import { renderHtml } from "../../src/report/html.ts";
import { renderMarkdown } from "../../src/report/markdown.ts";
import type { RunRecord, RunType, Scenario, StepRecord } from "../../src/report/record.ts";
import { renderDetails } from "../../src/workflows/details.ts";
import { samples } from "../support/records.ts";

test("docs/recovery.md is what the code says", () => {
  expect(readFileSync("docs/recovery.md", "utf8"), "is stale: run `npm run schema`").toBe(recoveryDocs());
});

test("an ID leads back to its verb, whatever the component is called", () => {
  for (const verb of Object.keys(recoveries) as StepVerb[])
    for (const name of ["shop", "proof", "guards-2", "layer"])
      expect(verbOf(outlineOfVerb(verb, "pgdump", name).id), `${verb} of ${name}`).toBe(verb);
  expect(verbOf("verify/something/else/shop")).toBeUndefined();
});

const runs: [RunType, Scenario, kinds: string[]][] = [
  ["exercise", "database", ["pgdump", "pgbackrest"]],
  ["exercise", "none", ["pgdump", "longhorn"]],
  ["exercise", "namespace", ["namespace", "pgdump"]],
  ["exercise", "workload", ["workload"]],
  ["exercise", "volume", ["longhorn"]],
  ["exercise", "cluster", ["cluster", "longhorn"]],
  ["restore", "database", ["pgdump"]],
  ["backup", "none", ["pgdump"]],
  ["audit", "none", ["pgdump", "cluster"]],
];

describe.each(runs)("%s, scenario %s", (type, scenario, kinds) => {
  const components = kinds.map((kind, index) => ({ name: `one-${index}`, kind }));
  const particulars = { approvals: true, resumes: true, layers: ["machines"] };
  const run = { run: { type, scenario }, components } as unknown as RunRecord;

  test.each(outline(type, scenario, components, particulars).map((step) => [step.id, step] as const))(
    "%s says how the world is, what to do, and what an answer does",
    (_, step) => {
      const text = recoveryText(step, run);
      expect(text.split(/(?<=\.) /).length).toBeGreaterThanOrEqual(3);
      expect(text).toMatch(/^[A-Z].*[.?]$/);
      if (scenario === "none" && type === "exercise") expect(text).not.toMatch(/(data|volume) is gone/);
      if (step.skippable && step.phase !== "report") expect(text).toContain("skip");
      if (!step.skippable) expect(text).not.toContain("skip");
    },
  );
});

test("a kind's own texts are for steps that it has", () => {
  for (const own of [...Object.values(recoveriesOfKind), besideTheLive])
    for (const [verb, { state, act, answers }] of Object.entries(own)) {
      expect(Object.keys(recoveries)).toContain(verb);
      for (const text of [state, act, answers]) expect(text).toMatch(/^[A-Z].*[.?]$/);
    }
});

const failure = { type: "DISK_FULL", message: "no space left", hint: "Free some.", at: samples.running.startedAt };

function withStep(changes: Partial<StepRecord>): RunRecord {
  const record = structuredClone(samples.running);
  Object.assign(
    record.steps.find(({ id }) => id === "restore/shop")!,
    { failures: [failure], ...changes },
  );
  return record;
}

test("it is shown where a step waits: in the live view, in the Temporal UI, in the report", () => {
  const record = withStep({ status: "waiting" });
  const { state, answers } = recoveries.restore;
  const scene = { record, progress: new Map(), trouble: null, answering: null, now: Date.now(), frame: 0 };
  const view = viewLines(scene, { columns: 120, rows: 40 }).map((line) => stripVTControlCharacters(line).trim());
  expect(view.join(" ")).toContain(`${state} `);
  expect(renderDetails(record, "x")).toContain(`${state} `);
  for (const page of [renderHtml(record), renderMarkdown(record)]) {
    expect(page).toContain("What is restored so far lies aside");
    expect(page).toContain(answers.split("`")[0]);
  }
});

test("the report is silent about it once the step has gone on", () => {
  const record = withStep({ status: "done", endedAt: failure.at });
  for (const page of [renderHtml(record), renderMarkdown(record)])
    expect(page).not.toContain("What is restored so far lies aside");
});

test("a destruction that ended at a look before is not called one", () => {
  const run = { run: { type: "exercise", scenario: "cluster" }, components: [] } as unknown as RunRecord;
  const failed = (type: string) =>
    ({
      ...outlineOfVerb("destroyLayer", "cluster", "machines"),
      failures: [{ type, message: "", hint: "", at: "" }],
      decisions: [],
      stretches: [],
    }) as unknown as StepRecord;
  expect(recoveryText(failed("BACKUP_NOT_VERIFIED"), run)).toMatch(/^Nothing was touched by this step/);
  expect(recoveryText(failed("NOT_DESTROYED"), run)).toMatch(/destroyed in part, or wholly/);
});
