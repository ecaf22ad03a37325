import { expect, test } from "vitest";
import { renderMarkdown } from "../../src/report/markdown.ts";
import { phaseSpans } from "../../src/report/phases.ts";
import { samples } from "../support/records.ts";

/** The RTO by phase: each from its first step to its last. */

const step = (phase: string, startedAt: number | null, endedAt: number | null) => ({
  phase,
  startedAt: startedAt === null ? null : new Date(startedAt * 1_000).toISOString(),
  endedAt: endedAt === null ? null : new Date(endedAt * 1_000).toISOString(),
});

test.each<[string, object[], [string, number | null][]]>([
  ["steps side by side count once", [step("restore", 0, 20), step("restore", 5, 30)], [["restore", 30]]],
  [
    "a wait between two steps of it counts",
    [step("backup", 0, 5), step("backup", 15, 20), step("destroy", 20, 21)],
    [
      ["backup", 20],
      ["destroy", 1],
    ],
  ],
  ["one of its steps still runs", [step("verify", 0, 5), step("verify", 5, null)], [["verify", null]]],
  ["none of its steps has begun", [step("report", null, null)], [["report", null]]],
])("%s", (_, steps, spans) => {
  expect(phaseSpans(steps as never).map(({ phase, seconds }) => [phase, seconds])).toEqual(spans);
});

test("the Markdown names each phase that has ended", () => {
  const line = renderMarkdown(samples.passed)
    .split("\n")
    .find((one) => one.startsWith("By phase: "));
  for (const { phase, seconds } of phaseSpans(samples.passed.steps))
    if (seconds !== null) expect(line).toContain(`${phase} `);
});
