import { expect, test } from "vitest";
import type { Attempt } from "../../src/activities/verbs.ts";
import { stepLines } from "../../src/cli/view/step.ts";
import { events } from "../../src/report/events.ts";
import { renderHtml } from "../../src/report/html.ts";
import { renderMarkdown } from "../../src/report/markdown.ts";
import { recheck } from "../../src/report/recheck.ts";
import type { RunRecord, StepRecord } from "../../src/report/record.ts";
import { trailOf } from "../../src/report/trail.ts";
import { finishedStep } from "../../src/workflows/journal.ts";
import { samples } from "../support/records.ts";

/** A server that did not answer a step stands in the record, and in all that is made of it. */

const id = "verify/shop";
const stepOf = (record: RunRecord): StepRecord => record.steps.find((one) => one.id === id)!;

/** The sample that passed, with that step done by these attempts. Their times are parts of what the step took. */
function recordWith(attempts: (from: (part: number) => string) => Attempt[]): RunRecord {
  const record = structuredClone(samples.passed);
  const step = stepOf(record);
  const [start, end] = [Date.parse(step.startedAt!), Date.parse(step.endedAt!)];
  const at = (part: number) => new Date(start + part * (end - start)).toISOString();
  Object.assign(step, { attempts: 0, stretches: [] });
  finishedStep(step, attempts(at), step.endedAt!);
  return record;
}

const once = recordWith((at) => [
  {
    startedAt: at(0),
    endedAt: at(1),
    outcome: "ran",
    unanswered: [{ by: "API server", from: at(0.25), to: at(0.75) }],
  },
]);
const kinds = (record: RunRecord) => stepOf(record).stretches.map(({ kind }) => kind);

test("it cuts an attempt into pieces that follow each other", () => {
  const { stretches, startedAt, endedAt, attempts } = stepOf(once);
  expect(stretches.map(({ kind, by }) => [kind, by])).toEqual([
    ["ran", undefined],
    ["unanswered", "API server"],
    ["ran", undefined],
  ]);
  expect(stretches.map(({ from }) => from)).toEqual([startedAt, stretches[0]!.to, stretches[1]!.to]);
  expect(stretches.at(-1)!.to).toBe(endedAt);
  expect(attempts).toBe(1);
  expect(recheck(once).found).toEqual([]);
});

test("what overlaps is told once, and nothing beyond the attempt", () => {
  const record = recordWith((at) => [
    {
      startedAt: at(0.2),
      endedAt: at(0.8),
      outcome: "ran",
      unanswered: [
        { by: "Temporal server", from: at(0.4), to: at(0.6) },
        { by: "API server", from: at(0.1), to: at(0.5) },
        { by: "API server", from: at(0.45), to: at(0.55) },
        { by: "API server", from: at(0.7), to: at(0.9) },
      ],
    },
  ]);
  expect(stepOf(record).stretches.map(({ kind, by }) => by ?? kind)).toEqual([
    "ran",
    "API server",
    "ran",
    "Temporal server",
    "ran",
    "API server",
    "ran",
  ]);
  expect(recheck(record).found).toEqual([]);
});

test("a worker that dies meanwhile has died once", () => {
  const record = recordWith((at) => [
    {
      startedAt: at(0),
      endedAt: at(0.5),
      outcome: "died",
      unanswered: [{ by: "API server", from: at(0.25), to: at(0.5) }],
    },
    { startedAt: at(0.6), endedAt: at(1), outcome: "ran" },
  ]);
  expect(kinds(record)).toEqual(["ran", "unanswered", "died", "resuming", "ran"]);
  expect(stepOf(record).attempts).toBe(2);
  const ofStep = events(record).filter(({ step }) => step?.id === id);
  expect(ofStep.map(({ kind }) => kind)).toEqual(["unanswered", "death"]);
  expect(recheck(record).found).toEqual([]);
});

test("reports, terminal and audit trail tell it", () => {
  const { from, to } = stepOf(once).stretches[1]!;
  const took = ((Date.parse(to) - Date.parse(from)) / 1_000).toFixed(1);
  expect(renderMarkdown(once)).toContain(`\`${id}\` · 🔌 the API server did not answer for ${took}s`);
  expect(renderHtml(once)).toContain(`The API server did not answer for ${took}s.`);
  expect(renderHtml(once)).toMatch(/data-step="verify\/shop"[\s\S]*?bar-ran[\s\S]*?bar-unanswered[\s\S]*?bar-ran/);
  expect(renderHtml(samples.passed)).not.toContain('class="bar bar-unanswered"');
  const scene = { now: Date.parse(to), frame: 0, progress: new Map() };
  expect(stepLines(stepOf(once), scene as never, 160).join("\n")).toContain(`API server away for ${took}s`);
  expect(trailOf(once)).toContainEqual(
    expect.objectContaining({
      at: from,
      what: "unanswered",
      step: id,
      text: `the API server did not answer for ${took}s`,
    }),
  );
});

test.each<[string, (step: StepRecord) => unknown]>([
  ["moved", ({ stretches }) => (stretches[1]!.from = stretches[0]!.from)],
  ["made longer", ({ stretches }) => (stretches[1]!.to = stretches[2]!.to)],
  ["put in place of work", ({ stretches }) => (stretches[2]!.kind = "unanswered")],
  ["taken out", ({ stretches }) => stretches.splice(1, 1)],
])("a record in which such a time was %s does not agree with itself", (_, forge) => {
  const record = structuredClone(once);
  forge(stepOf(record));
  expect(
    recheck(record)
      .found.map(({ path }) => path)
      .join(" "),
  ).toContain(`steps[${id}].`);
});
