import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { WorkflowHandle } from "@temporalio/client";
import { Worker } from "@temporalio/worker";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { outline } from "../../src/plan/outline.ts";
import { recheck } from "../../src/report/recheck.ts";
import type { RunRecord, Scenario, StepRecord } from "../../src/report/record.ts";
import { runs } from "../fuzz/runs.ts";
import { fakeActivities, type Fakes, stepFailure } from "../support/fake-activities.ts";
import { twoComponents } from "../support/plans.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";

/** Decisions, approvals and pauses, right and wrong ones, cancellations and new workers, in any order, on a real server with fake steps. */

let temporal: TestTemporal;
beforeAll(async () => (temporal = await connectTest()));
afterAll(() => temporal.close());

const components = twoComponents().components;
const idsOf = (scenario: Scenario) => outline("exercise", scenario, components).map(({ id }) => id);
const actors = [
  "retry",
  "skip",
  "abort",
  "wrong step",
  "old failure",
  "signal",
  "wrong signal",
  "cancel",
  "restart",
  "pause",
  "reload",
  "own approval",
] as const;

const story = fc.constantFrom<Scenario>("database", "none").chain((scenario) =>
  fc.record({
    scenario: fc.constant(scenario),
    approvals: fc.constantFrom(0, 0, 1, 2),
    /** How often each of some steps fails. */
    failures: fc.dictionary(
      fc.constantFrom(...idsOf(scenario).filter((id) => !id.endsWith("/guards"))),
      fc.integer({ min: 1, max: 2 }),
      {
        minKeys: 1,
        maxKeys: 4,
        noNullPrototype: true,
      },
    ),
    acts: fc.array(
      fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom("retry" as const, "signal" as const) },
        fc.constantFrom(...actors),
      ),
      { maxLength: 8 },
    ),
  }),
);
type Story = {
  scenario: Scenario;
  approvals: number;
  failures: Record<string, number>;
  acts: (typeof actors)[number][];
};

async function newWorker(taskQueue: string, fakes: Fakes) {
  const { nativeConnection: connection, namespace, workflowBundle } = temporal;
  const sinks = { recorder: { save: { fn: () => {}, callDuringReplay: false } } };
  const options = { connection, namespace, taskQueue, workflowBundle, activities: fakes.activities, sinks };
  const worker = await Worker.create({ ...options, stickyQueueScheduleToStartTimeout: "1s" });
  return { worker, done: worker.run() };
}

async function stop({ worker, done }: Awaited<ReturnType<typeof newWorker>>): Promise<void> {
  worker.shutdown();
  await done;
}

/** Steps that wait; undefined when the run is over. */
async function nextWaiting(handle: WorkflowHandle): Promise<StepRecord[] | undefined> {
  for (;;) {
    if ((await handle.describe()).status.name !== "RUNNING") return undefined;
    const { steps } = await handle.query<RunRecord>("record");
    const waiting = steps.filter(({ status }) => status === "waiting");
    if (waiting.length > 0) return waiting;
    if (steps.some(({ status }) => status === "paused"))
      await refusal(handle.executeUpdate("unpause", { args: [{ by: "carla", reason: "test" }] }));
    await sleep(30);
  }
}

/** Signals and cancellations are not answered: wait until they have changed something. */
async function untilHeard(handle: WorkflowHandle, before: StepRecord): Promise<void> {
  for (const ignored = heard.get(handle) ?? 0; ; await sleep(30)) {
    const { steps, ignoredDecisions } = await handle.query<RunRecord>("record");
    heard.set(handle, ignoredDecisions.length);
    const now = steps.find(({ id }) => id === before.id)!;
    if (ignoredDecisions.length > ignored || now.status !== "waiting" || now.decisions.length > before.decisions.length)
      return;
  }
}

/** Ignored decisions that a run was seen to have. */
const heard = new WeakMap<WorkflowHandle, number>();

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => "taken",
    () => "refused",
  );

async function tell(scenario: Story): Promise<{ record: RunRecord; fakes: Fakes; taken: string[] }> {
  const taskQueue = `any-${randomUUID()}`;
  const failing = Object.fromEntries(
    Object.entries(scenario.failures).map(([id, times]) => [
      id,
      (call: number) => (call <= times ? failWith(id) : undefined),
    ]),
  );
  const { approvals } = scenario;
  const plan = twoComponents(approvals === 0 ? {} : { approvals: { destroy: approvals } });
  const fakes = fakeActivities(plan, taskQueue, failing);
  const args = [{ plan: "both", by: "anna", reason: "any order", scenario: scenario.scenario }];
  let worker = await newWorker(taskQueue, fakes);
  const handle = await temporal.client.workflow.start("exercise", { taskQueue, workflowId: taskQueue, args });
  const taken: string[] = [];
  const decide = (step: string, action: string, more = {}) =>
    refusal(handle.executeUpdate("decide", { args: [{ step, action, by: "bert", reason: "test", ...more }] }));
  const approve = (by: string) => refusal(handle.executeUpdate("approve", { args: [{ by, reason: "test" }] }));
  try {
    const acts = [...scenario.acts];
    for (let waiting = await nextWaiting(handle); waiting !== undefined; waiting = await nextWaiting(handle)) {
      const step = waiting[0]!;
      const act = acts.shift() ?? "retry";
      if (act === "pause") {
        const { pauses } = await handle.query<RunRecord>("record");
        const expected = pauses.some(({ ended }) => ended === null) ? "refused" : "taken";
        expect(await refusal(handle.executeUpdate("pause", { args: [{ by: "bert", reason: "test" }] }))).toBe(expected);
      } else if (act === "own approval") expect(await approve("anna")).toBe("refused");
      else if (step.id === "approve/destroy" && !["abort", "cancel", "restart"].includes(act)) {
        for (const action of ["retry", "skip"]) expect(await decide(step.id, action)).toBe("refused");
        expect(await approve(`person ${taken.length}`)).toBe("taken");
        taken.push("approve");
        continue;
      } else if (act === "wrong step") expect(await decide("verify/nothing", "retry")).toBe("refused");
      else if (act === "old failure")
        expect(await decide(step.id, "retry", { failureNo: step.failures.length + 1 })).toBe("refused");
      else if (act === "reload") expect(await decide(step.id, "retry", { reload: true })).toBe("taken");
      else if (act === "skip") expect(await decide(step.id, "skip")).toBe(step.skippable ? "taken" : "refused");
      else if (act === "wrong signal")
        await handle.signal("decide", { step: step.id, action: "again", by: "bert", reason: "test" });
      else if (act === "signal")
        await handle.signal("decide", { step: step.id, action: "retry", by: "bert", reason: "test" });
      else if (act === "cancel") await handle.cancel();
      else if (act === "restart") {
        await stop(worker);
        worker = await newWorker(taskQueue, fakes);
      } else expect(await decide(step.id, act)).toBe("taken");
      if (act === "signal" || act === "wrong signal" || act === "cancel") await untilHeard(handle, step);
      taken.push(act === "skip" && !step.skippable ? "refused skip" : act);
    }
    return { record: await handle.query<RunRecord>("record"), fakes, taken };
  } finally {
    await stop(worker);
  }
}

function failWith(id: string): never {
  throw stepFailure("DISK_FULL", `${id}: no space left`);
}

test(
  "whatever people decide, in whatever order: the run ends, no finished step runs again, and the record is true",
  { timeout: 600_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(story, async (told) => {
        const { record, fakes, taken } = await tell(told);
        expect(recheck(JSON.parse(JSON.stringify(record))).found).toEqual([]);
        expect(record.endedAt).not.toBeNull();
        for (const { id, status, failures } of record.steps) {
          const calls = fakes.calls.filter((call) => call === id).length;
          if (status === "pending") expect([id, calls]).toEqual([id, 0]);
          if (status === "done" && !id.endsWith("/guards") && id !== "approve/destroy")
            expect([id, calls]).toEqual([id, failures.length + 1]);
        }
        const unproven = taken.some((act) => act === "abort" || act === "cancel" || act === "skip");
        expect(record.verdict === "PASS").toBe(!unproven);
        // A run that destroys nothing asks nobody, whatever its plan says.
        const withoutApprovals =
          told.approvals === 0 || told.scenario === "none" ? ["wrong signal", "own approval"] : ["wrong signal"];
        expect(record.ignoredDecisions.length).toBe(taken.filter((act) => withoutApprovals.includes(act)).length);
        if (told.approvals > 0 && record.steps.some(({ destroys, status }) => destroys && status === "done"))
          expect(record.approvals?.given.length).toBeGreaterThanOrEqual(told.approvals);
      }),
      { ...runs(6), endOnFailure: true },
    );
  },
);
