import { type Client, WorkflowFailedError, type WorkflowHandle } from "@temporalio/client";
import { ApplicationFailure, CancelledFailure, RetryState, TerminatedFailure } from "@temporalio/common";
import { expect, test } from "vitest";
import { conclude } from "../../src/cli/conclude.ts";
import { exitCodes } from "../../src/cli/outcome.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { judge } from "../../src/report/verdict.ts";
import { samples } from "../support/records.ts";

const client = { withDeadline: (_: number, ask: () => Promise<unknown>) => ask() } as unknown as Client;

/** A run in this state, that ended with this failure. */
function handleOf(status: string, failure?: Error): WorkflowHandle {
  const failed = new WorkflowFailedError("failed", failure, RetryState.NON_RETRYABLE_FAILURE);
  return {
    workflowId: "drill-1",
    describe: () => Promise.resolve({ status: { name: status } }),
    result: () => (failure === undefined ? Promise.resolve(samples.passed) : Promise.reject(failed)),
  } as unknown as WorkflowHandle;
}

const away = {
  describe: () => Promise.reject(Object.assign(new Error("14 UNAVAILABLE"), { code: 14 })),
} as unknown as WorkflowHandle;

const concluded = (handle: WorkflowHandle, record: RunRecord) => conclude(client, handle, record, true, exitCodes.left);

test("Temporal is away when the view is left: the run goes on, as far as anybody knows", async () => {
  expect(await concluded(away, samples.running)).toBe(130);
  expect(await concluded(away, samples.failed)).toBe(1);
});

test("a run that goes on has the exit code of one", async () => {
  expect(await concluded(handleOf("RUNNING"), samples.running)).toBe(130);
});

const untouched = structuredClone(samples.cancelled);
for (const step of untouched.steps)
  if (step.phase === "destroy") Object.assign(step, { status: "pending", startedAt: null });
Object.assign(untouched, judge(untouched));

test("a cancelled run exits by its verdict", async () => {
  const cancelled = handleOf("CANCELLED", new CancelledFailure("cancelled"));
  expect(untouched.verdict).toBe("INCONCLUSIVE");
  expect(await concluded(cancelled, untouched)).toBe(4);
  expect(samples.cancelled.verdict).toBe("FAIL");
  expect(await concluded(cancelled, samples.cancelled)).toBe(1);
});

test("so does one that was ended before it could judge itself", async () => {
  const terminated = handleOf("TERMINATED", new TerminatedFailure("by hand"));
  expect(await concluded(terminated, { ...untouched, endedAt: null, status: "running", verdict: null })).toBe(4);
  expect(await concluded(terminated, samples.running)).toBe(1);
});

test("a run that failed before it had read its plan exits by that failure", async () => {
  const wrong = handleOf("FAILED", ApplicationFailure.nonRetryable("no component", "REQUEST_INVALID"));
  expect(await concluded(wrong, { ...samples.running, steps: [], components: [] })).toBe(2);
});

test.each([
  ["passed", undefined, 0],
  ["failed", "DRILL_FAILED", 1],
  ["inconclusive", "NOT_PROVEN", 4],
  ["refused", "REFUSED", 3],
] as const)("a run that %s exits as it says", async (name, type, code) => {
  const failure = type === undefined ? undefined : ApplicationFailure.nonRetryable("it says", type);
  expect(await concluded(handleOf("FAILED", failure), samples[name])).toBe(code);
});
