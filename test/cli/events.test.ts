import { expect, test } from "vitest";
import { eventLines } from "../../src/cli/view/events.ts";
import type { RunRecord, StepRecord } from "../../src/report/record.ts";
import { visible } from "../../src/report/safe-text.ts";
import { samples } from "../support/records.ts";

const at = "2026-11-21T03:12:45.000Z";

function withStep(changes: Partial<StepRecord>): RunRecord {
  const record = structuredClone(samples.running);
  const step = record.steps.find(({ id }) => id === "restore/shop");
  Object.assign(step ?? expect.fail("no step"), { failures: [], decisions: [], attempts: 1, ...changes });
  return record;
}

const pending = withStep({
  status: "pending",
  startedAt: null,
  endedAt: null,
  failures: [],
  decisions: [],
  attempts: 0,
});
const failure = { type: "DISK_FULL", message: "no space\nleft", hint: "Free space.", at };
const waiting = withStep({ status: "waiting", startedAt: at, endedAt: null, failures: [failure], decisions: [] });

test("nothing is said of what did not change", () => {
  expect(eventLines(samples.running, samples.running)).toEqual([]);
});

test("a step that starts is a line with its time", () => {
  const lines = eventLines(pending, withStep({ status: "running", startedAt: at, endedAt: null }));
  expect(lines).toEqual(["03:12:45 started   restore/shop: Restore shop"]);
});

test("a step that ends says how long it took, its attempts and its evidence", () => {
  const endedAt = "2026-11-21T03:12:57.000Z";
  const done = withStep({ status: "done", startedAt: at, endedAt, attempts: 2, note: "3 tables" });
  expect(eventLines(pending, done)).toEqual(["03:12:57 done      restore/shop after 12s, 2 attempts: 3 tables"]);
});

test("a failure is one line, and the commands that answer it another", () => {
  const [failed, waits, ...rest] = eventLines(pending, waiting);
  expect(failed).toBe("03:12:45 failed    restore/shop: no space left; Free space.");
  expect(waits).toContain(`retry ${waiting.run.workflowId} restore/shop --failure 1 --reason "…"`);
  expect(rest).toEqual([]);
});

test("a decision says who and why", () => {
  const decision = { action: "retry" as const, by: "anna", reason: "freed 20 GB", at };
  const retried = withStep({
    status: "running",
    startedAt: at,
    endedAt: null,
    failures: [failure],
    decisions: [decision],
  });
  expect(eventLines(waiting, retried)).toEqual(["03:12:45 retry     restore/shop, by anna: freed 20 GB"]);
});

test("no line has escape codes or line breaks, whatever the record holds", () => {
  const hostile = { ...failure, message: "no \u001b[2J\u202espace\u009b\nleft", hint: "\u0007Free\r\nspace." };
  for (const record of [samples.failed, withStep({ status: "waiting", startedAt: at, failures: [hostile] })])
    for (const line of eventLines(null, record)) {
      expect(visible(line)).toBe(line);
      expect(line).not.toContain("\n");
    }
});
