import { expect, test } from "vitest";
import { eta } from "../../src/cli/view/eta.ts";
import type { RunRecord, StepRecord } from "../../src/report/record.ts";
import { samples } from "../support/records.ts";

const now = Date.parse("2026-11-21T03:01:00Z");

type Sketch = Pick<StepRecord, "phase" | "component" | "status" | "expectedSeconds"> & { ranFor?: number };

function recordOf(sketches: Sketch[]): RunRecord {
  const steps = sketches.map(({ ranFor, ...sketch }) => ({
    ...samples.passed.steps[0]!,
    ...sketch,
    startedAt: ranFor === undefined ? null : new Date(now - ranFor * 1000).toISOString(),
  }));
  return { ...samples.passed, steps };
}

const shop = { phase: "restore", component: "shop", status: "pending", expectedSeconds: 20 } as const;

test("the slowest component of a phase counts, and phases add up", () => {
  const record = recordOf([
    shop,
    { ...shop, expectedSeconds: 5 },
    { ...shop, component: "ledger", expectedSeconds: 10 },
    { ...shop, phase: "verify", expectedSeconds: 3 },
    { ...shop, phase: "report", component: null, expectedSeconds: 1 },
  ]);
  expect(eta(record, now)).toEqual({ seconds: 29, partly: false });
});

test("what has been done of a running step is taken off, and never more than all", () => {
  const running = { ...shop, status: "running" } as const;
  expect(eta(recordOf([{ ...running, ranFor: 15 }]), now)?.seconds).toBe(5);
  expect(eta(recordOf([{ ...running, ranFor: 95 }]), now)?.seconds).toBe(0);
});

test("finished steps do not count", () => {
  expect(eta(recordOf([shop, { ...shop, status: "done" }, { ...shop, status: "skipped" }]), now)?.seconds).toBe(20);
});

test("steps without experience make it a lower bound, and none but such steps make it unknown", () => {
  const unknown = { ...shop, component: "wiki", expectedSeconds: null };
  expect(eta(recordOf([shop, unknown]), now)).toEqual({ seconds: 20, partly: true });
  expect(eta(recordOf([unknown]), now)).toBeNull();
});
