import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exitCodeOf } from "../../src/cli/outcome.ts";
import { digest } from "../../src/report/digest.ts";
import { renderHtml } from "../../src/report/html.ts";
import { renderMarkdown } from "../../src/report/markdown.ts";
import type { RunRecord, RunType } from "../../src/report/record.ts";
import { facts, type fakeActivities, stepFailure } from "../support/fake-activities.ts";
import { twoComponents } from "../support/plans.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";
import { tryWorkflow } from "../support/workflow-rig.ts";

let temporal: TestTemporal;
beforeAll(async () => (temporal = await connectTest()));
afterAll(() => temporal.close());

const person = { plan: "both", by: "anna", reason: "test", components: ["shop"] };
const scheduled = { ...person, by: "schedule exercise", reason: "first saturday at 03:00 UTC", scheduled: true };
const fromNow = (ms: number) => new Date(Date.now() + ms).toISOString();
const hour = 3_600_000;
const now = { from: fromNow(-hour), until: fromNow(hour), reason: "Christmas sales" };

interface Options {
  type?: RunType;
  input?: object;
  plan?: object;
  behaviours?: Parameters<typeof fakeActivities>[2];
}

/** Runs to the end. `status` is that of the workflow, `calls` are the steps that ran. */
async function run({ type = "exercise", input = scheduled, plan = {}, behaviours = {} }: Options) {
  let seen: { type: string; status: string; record: RunRecord; calls: string[] } | undefined;
  await tryWorkflow(temporal, type, { input, plan: twoComponents(plan), behaviours }, async (trial) => {
    const { type: end, record } = await trial.end();
    const status = (await trial.handle.describe()).status.name;
    seen = { type: end, status, record, calls: trial.fakes.calls };
  });
  return seen!;
}

const needing = (lock: string) => ({
  "preflight/shop": () => ({
    target: "database shop",
    facts: facts({ name: "shop", kind: "pgdump" }, { lock }),
    note: "",
  }),
});
const fails = () => {
  throw stepFailure("PROGRAM_FAILED", "pg_dump ended with exit code 1");
};

/** While a run of a person holds the lock and waits. */
async function whileLocked(lock: string, use: (holder: string) => Promise<void>): Promise<void> {
  const behaviours = { ...needing(lock), "backup/shop": fails };
  await tryWorkflow(temporal, "exercise", { input: person, behaviours }, async (trial) => {
    await trial.until("backup/shop", "waiting");
    await use(trial.handle.workflowId);
  });
}

test.each(["exercise", "backup"] as const)(
  "a scheduled %s that meets a locked target is skipped, and says why",
  async (type) => {
    const lock = `test/${randomUUID()}`;
    await whileLocked(lock, async (holder) => {
      const { status, record, calls } = await run({ type, behaviours: needing(lock) });
      expect(status).toBe("COMPLETED");
      expect(record).toMatchObject({ status: "skipped", verdict: "INCONCLUSIVE", run: { scheduled: true } });
      expect(record.summary).toContain(
        `Skipped before anything was destroyed: database shop is being worked on by run ${holder}`,
      );
      expect(record.refusals).toMatchObject([{ guard: "lock", component: "shop", passes: true }]);
      expect(calls).toEqual(["preflight/shop", "report/cleanup", "report/files"]);
      expect(digest(record)).toMatchObject({ status: "skipped", summary: record.summary });
      expect(exitCodeOf(record)).toBe(4);
      for (const report of [renderMarkdown(record), renderHtml(record)]) {
        expect(report).toContain("SKIPPED");
        expect(report).toContain("Why it was skipped");
        expect(report).not.toContain("REFUSED");
      }
      expect((await run({ type, input: person, behaviours: needing(lock) })).type).toBe("REFUSED");
    });
  },
);

test.each(["database", "none"])("a scheduled drill (%s) does not even look at what is frozen", async (scenario) => {
  // What is down for maintenance would let it wait for a person.
  const behaviours = { "preflight/shop": fails };
  const { status, record, calls } = await run({
    input: { ...scheduled, scenario },
    plan: { freeze: [now] },
    behaviours,
  });
  expect(status).toBe("COMPLETED");
  expect(record).toMatchObject({ status: "skipped", verdict: "INCONCLUSIVE" });
  const { from, until } = twoComponents({ freeze: [now] }).freeze![0]!;
  expect(record.summary).toBe(
    `Skipped before anything was destroyed: plan both is frozen (Christmas sales) from ${from} until ${until}.`,
  );
  expect(calls).toEqual(["report/cleanup", "report/files"]);
});

test.each(["database", "none"])(
  "a drill that a person starts is refused while the plan is frozen (%s)",
  async (scenario) => {
    const { type, status, record, calls } = await run({ input: { ...person, scenario }, plan: { freeze: [now] } });
    expect([type, status]).toEqual(["REFUSED", "FAILED"]);
    expect(record.status).toBe("refused");
    expect(record.refusals).toMatchObject([
      {
        guard: "freeze",
        component: "shop",
        hint: expect.stringContaining("take the window out of `freeze:`") as string,
      },
    ]);
    expect(calls).not.toContain("plant/shop");
  },
);

test("a backup goes on while the plan is frozen, also one of a schedule", async () => {
  for (const input of [person, scheduled])
    expect((await run({ type: "backup", input, plan: { freeze: [now] } })).record.status).toBe("done");
});

test("before and after its window a drill runs", async () => {
  const freeze = [
    { ...now, from: fromNow(-2 * hour), until: fromNow(-hour) },
    { ...now, from: fromNow(hour), until: fromNow(2 * hour) },
  ];
  expect(await run({ plan: { freeze } })).toMatchObject({ type: "PASS", record: { status: "done" } });
});

test("a window that begins while a drill makes its backup keeps it from destroying", async () => {
  const from = Date.now() + 10_000;
  const freeze = [{ ...now, from: new Date(from).toISOString() }];
  const behaviours = {
    "backup/shop": async () => {
      while (Date.now() < from) await sleep(100);
    },
  };
  const { status, record, calls } = await run({ plan: { freeze }, behaviours });
  expect([status, record.status]).toEqual(["COMPLETED", "skipped"]);
  expect(record.steps.find(({ id }) => id === "destroy/guards")?.status).toBe("aborted");
  expect(calls).toContain("backup/shop");
  expect(calls).not.toContain("destroy/shop");
});

test("what does not pass by itself is refused to a schedule, too", async () => {
  const behaviours = {
    "preflight/shop": () => ({
      target: "database shop",
      facts: facts({ name: "shop", kind: "pgdump" }, { listed: false }),
      note: "",
    }),
  };
  const { type, record } = await run({ behaviours });
  expect([type, record.status]).toEqual(["REFUSED", "refused"]);
});

test("two components of one run on one target are refused to a schedule, too: that does not pass", async () => {
  const lock = `test/${randomUUID()}`;
  const ledger = facts({ name: "ledger", kind: "pgbackrest" }, { lock });
  const behaviours = { ...needing(lock), "preflight/ledger": () => ({ target: "cluster", facts: ledger, note: "" }) };
  const input = { ...scheduled, components: ["shop", "ledger"] };
  expect((await run({ type: "backup", input, behaviours })).type).toBe("REFUSED");
});

test("beside what does not pass, what passes is no reason to skip a run", async () => {
  const lock = `test/${randomUUID()}`;
  const gone = facts({ name: "ledger", kind: "pgbackrest" }, { exists: false });
  await whileLocked(lock, async () => {
    const behaviours = { ...needing(lock), "preflight/ledger": () => ({ target: "cluster", facts: gone, note: "" }) };
    const input = { ...scheduled, components: ["shop", "ledger"] };
    const { type, status, record } = await run({ type: "backup", input, behaviours });
    expect(record.refusals.map(({ guard }) => guard).toSorted()).toEqual(["lock", "target-missing"]);
    expect([type, status, record.status]).toEqual(["REFUSED", "FAILED", "refused"]);
  });
});

test("a run that resumes another one is none of a schedule", async () => {
  const input = { ...scheduled, resume: "drill-1-0f8f2b11" };
  await tryWorkflow(temporal, "exercise", { input }, async ({ handle }) => {
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: "REQUEST_INVALID" } });
  });
});

test.each([
  ["restore", true, "not for a restore"],
  ["exercise", "yes", "neither true nor false"],
] as const)("the input of a %s with scheduled %s is wrong", async (type, value, message) => {
  await tryWorkflow(temporal, type, { input: { ...person, scheduled: value } }, async ({ handle }) => {
    await expect(handle.result()).rejects.toMatchObject({
      cause: { type: "REQUEST_INVALID", message: expect.stringContaining(message) as string },
    });
  });
});
