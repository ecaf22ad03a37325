import { expect, test } from "vitest";
import type { RunRecord, StepRecord } from "../../src/report/record.ts";
import { throughputWords } from "../../src/report/throughput.ts";
import { samples } from "../support/records.ts";

/** How fast a backup was made and restored, as the report tells it. */

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

/** A run whose first component has a backup of 40 MB, and a restore with these stretches. */
function run(stretches: StepRecord["stretches"], more: Partial<StepRecord> = {}, bytes = 40_000_000) {
  const record: RunRecord = structuredClone(samples.passed);
  const component = record.components[0]!;
  component.backup = { ...component.backup!, bytes };
  const step = record.steps.find(({ id }) => id === `restore/${component.name}`)!;
  Object.assign(step, { status: "done", carriedOver: false, stretches, ...more });
  return throughputWords(record, component, "restore");
}

const ran = { kind: "ran", from: at(0), to: at(10) } as const;

test("size by time", () => expect(run([ran])).toBe("10s, 4 MB/s"));

test("what an attempt took that died, and the wait for the next one, counts; the time in which people were asked does not", () => {
  const died = { kind: "died", from: at(0), to: at(4) } as const;
  const resuming = { kind: "resuming", from: at(4), to: at(10) } as const;
  const waited = { kind: "waited", from: at(10), to: at(50) } as const;
  expect(run([died, resuming, waited, { kind: "ran", from: at(50), to: at(60) }])).toBe("20s, 2 MB/s");
});

test("a backup without a size has a time alone", () => expect(run([ran], {}, 0)).toBe("10s"));

test.each([
  ["it is not done", { status: "running" as const }],
  ["another run has done it", { carriedOver: true }],
])("nothing is told when %s", (_, more) => expect(run([ran], more)).toBeNull());
