import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { noteClaims } from "../../src/activities/locks/ending.ts";
import { lostLocks } from "../../src/activities/locks/held.ts";
import { openRun, writeRunFile } from "../../src/activities/run-directory.ts";
import type { RunRef } from "../../src/activities/verbs.ts";
import type { Config } from "../../src/config.ts";
import { lockWorkflowId } from "../../src/lock-names.ts";
import { facts, type fakeActivities, stepFailure } from "../support/fake-activities.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";
import { type Trial, tryWorkflow } from "../support/workflow-rig.ts";

let temporal: TestTemporal;
beforeAll(async () => (temporal = await connectTest()));
afterAll(() => temporal.close());

/** The inspection of a component that needs a lock. */
const needing = (lock: string, name = "shop") => ({
  [`preflight/${name}`]: () => ({
    target: `database ${name}`,
    facts: facts({ name, kind: "pgdump" }, { lock }),
    note: "",
  }),
});
const fails = () => {
  throw stepFailure("PROGRAM_FAILED", "pg_dump ended with exit code 1");
};
const input = { plan: "both", by: "anna", reason: "test", components: ["shop"] };

/** A run that holds the lock and waits for a person. */
async function holding(lock: string, use: (trial: Trial) => Promise<void>): Promise<void> {
  const behaviours = { ...needing(lock), "backup/shop": fails };
  await tryWorkflow(temporal, "exercise", { input, behaviours }, async (trial) => {
    await trial.until("backup/shop", "waiting");
    await use(trial);
  });
}

async function another(lock: string, state?: string, more: Parameters<typeof fakeActivities>[2] = {}) {
  let ended: Awaited<ReturnType<Trial["end"]>> | undefined;
  await tryWorkflow(
    temporal,
    "backup",
    { input, behaviours: { ...needing(lock), ...more }, ...(state && { state }) },
    async (trial) => {
      ended = await trial.end();
    },
  );
  return ended!;
}

const fresh = () => `test/${randomUUID()}`;
const status = async (lock: string) => {
  const { status: found } = await temporal.client.workflow.getHandle(lockWorkflowId(lock)).describe();
  return found.name;
};

test("a second run is refused and told who works on the target since when; nothing of it is touched", async () => {
  const target = fresh();
  await holding(target, async (trial) => {
    const { type, record: refused } = await another(target);
    expect(type).toBe("REFUSED");
    expect(refused.status).toBe("refused");
    expect(refused.refusals).toEqual([
      {
        guard: "lock",
        component: "shop",
        message: `database shop is being worked on by run ${trial.handle.workflowId}: exercise of plan both, started by anna at ${(await trial.record()).startedAt}`,
        hint: expect.stringContaining(
          `Wait until it has ended, or cancel it: temporal workflow cancel --workflow-id ${trial.handle.workflowId}`,
        ) as string,
        passes: true,
      },
    ]);
    expect(refused.steps.find(({ id }) => id === "backup/shop")?.status).toBe("pending");
    expect(await status(target)).toBe("RUNNING");
  });
});

test("beside a database others of its server are free, and the whole server is not", async () => {
  const cluster = fresh();
  await holding(`${cluster}/shop`, async (trial) => {
    expect((await another(`${cluster}/mail`)).type).toBe("PASS");
    expect((await another(`${cluster}0`)).type).toBe("PASS");
    const { type, message } = await another(cluster);
    expect(type).toBe("REFUSED");
    expect(message).toContain(trial.handle.workflowId);
  });
});

test("beside a whole server none of its databases is free", async () => {
  const cluster = fresh();
  await holding(cluster, async (trial) => {
    const { type, message } = await another(`${cluster}/shop`);
    expect(type).toBe("REFUSED");
    expect(message).toContain(trial.handle.workflowId);
  });
});

test("of two that start at the same moment one goes on", async () => {
  const target = fresh();
  let ended = 0;
  // The one that has it does not end before the others were refused.
  const afterTheOthers = {
    "backup/shop": async () => {
      while (ended < 2) await sleep(50);
    },
  };
  const one = async () => {
    const { type } = await another(target, undefined, afterTheOthers);
    ended += 1;
    return type;
  };
  const types = await Promise.all([one(), one(), one()]);
  expect(types.toSorted()).toEqual(["PASS", "REFUSED", "REFUSED"]);
});

test("two components of one run on the same target are refused", async () => {
  const cluster = fresh();
  const behaviours = { ...needing(`${cluster}/shop`), ...needing(cluster, "ledger") };
  await tryWorkflow(
    temporal,
    "backup",
    { input: { ...input, components: ["shop", "ledger"] }, behaviours },
    async (trial) => {
      const { type, record } = await trial.end();
      expect(type).toBe("REFUSED");
      expect(record.refusals).toMatchObject([
        { guard: "lock", component: "shop", message: expect.stringContaining("component ledger works on") as string },
      ]);
    },
  );
});

test("a workflow that no run has started keeps runs away, too", async () => {
  const target = fresh();
  const workflowId = lockWorkflowId(target);
  const taskQueue = `nobody-${randomUUID()}`;
  const stranger = await temporal.client.workflow.start("lock", { workflowId, taskQueue });
  const { message, record } = await another(target);
  await stranger.terminate();
  expect(message).toContain(`locked by workflow ${workflowId}, which no run has started`);
  expect(record.refusals[0]?.hint).toContain(`temporal workflow terminate --workflow-id ${workflowId}`);
});

test("a run waits until this host has cleaned up after one that was terminated", async () => {
  const target = fresh();
  const state = await mkdtemp(join(tmpdir(), "lock-state-"));
  const config = { state, records: join(state, "records") } as Config;
  await holding(target, async ({ handle }) => {
    const { runId } = await handle.describe();
    const file = { workflowId: handle.workflowId, runId };
    await openRun(config, { id: "old" } as RunRef, file);
    const holder = { workflowId: handle.workflowId, type: "exercise", plan: "both", by: "anna", since: "" };
    await noteClaims(config, "old", [{ lock: target, component: "shop", target: "database shop" }], holder);
    await handle.terminate("test");
    let swept = 0;
    setTimeout(() => {
      swept = performance.now();
      void writeRunFile(config, "old", { ...file, closed: true });
    }, 2_500);
    expect((await another(target, state)).type).toBe("PASS");
    expect(swept).toBeGreaterThan(0);
  });
  await rm(state, { recursive: true });
});

test.each(["terminated", "cancelled", "given up"])("a run that is %s leaves no lock behind", async (how) => {
  const target = fresh();
  await holding(target, async (trial) => {
    if (how === "terminated") await trial.handle.terminate("test");
    else if (how === "cancelled") await trial.handle.cancel();
    else await trial.decide("backup/shop", "abort");
    await trial.handle.result().catch(() => "not a PASS");
    expect((await another(target)).type).toBe("PASS");
  });
});

test("a cancelled run holds its lock until it has cleaned up", async () => {
  const target = fresh();
  const seen: string[] = [];
  const behaviours = {
    ...needing(target),
    "backup/shop": fails,
    "report/cleanup": async () => {
      // A lock that was cancelled together with the run would be gone by then.
      await sleep(1_000);
      seen.push(await status(target));
    },
  };
  await tryWorkflow(temporal, "exercise", { input, behaviours }, async (trial) => {
    await trial.until("backup/shop", "waiting");
    await trial.handle.cancel();
    expect((await trial.end()).type).toBe("CancelledFailure");
  });
  expect(seen).toEqual(["RUNNING"]);
});

test("the lock of a run that was reset is ended, as its run has ended", async () => {
  const target = fresh();
  const { client } = temporal;
  const workflowId = lockWorkflowId(target);
  const taskQueue = `reset-${randomUUID()}`;
  // A workflow that started a lock, was reset and so ended without it.
  await holding(target, async ({ handle }) => {
    const { runId } = await handle.describe();
    const history = await handle.fetchHistory();
    const finish = history.events!.findLast(({ workflowTaskCompletedEventAttributes: one }) => one != null)!.eventId!;
    await client.workflowService.resetWorkflowExecution({
      namespace: client.options.namespace,
      workflowExecution: { workflowId: handle.workflowId, runId },
      reason: "test",
      workflowTaskFinishEventId: finish,
      requestId: taskQueue,
    });
    expect((await client.workflow.getHandle(handle.workflowId, runId).describe()).status.name).toBe("TERMINATED");
    expect((await client.workflow.getHandle(workflowId).describe()).status.name).toBe("RUNNING");
    expect((await another(target)).type).toBe("PASS");
    await client.workflow.getHandle(handle.workflowId).terminate("the test is over");
  });
});

test("a directory on this host of which nobody can tell whose it is stops a run, and says which", async () => {
  const state = await mkdtemp(join(tmpdir(), "lock-state-"));
  await mkdir(join(state, "runs", "old"), { recursive: true });
  await writeFile(join(state, "runs", "old", "run.json"), '{"workflowId":');
  const { type, record } = await another(fresh(), state);
  expect(type).toBe("STATE_DAMAGED");
  expect(record).toMatchObject({ status: "failed", failure: { type: "STATE_DAMAGED" } });
  expect(record.summary).toContain(join("runs", "old", "run.json"));
  expect(record.diagnosis).toMatchObject([{ object: "run", hint: expect.stringMatching(/./) as string }]);
  await rm(state, { recursive: true });
});

test("the step that destroys finds out that its own lock was ended", async () => {
  const { client } = temporal;
  const target = fresh();
  await holding(target, async ({ handle }) => {
    const own = { workflowId: handle.workflowId, runId: (await handle.describe()).runId };
    const claims = [{ lock: target, component: "shop", target: "database shop" }];
    expect(await lostLocks(client, own, claims)).toEqual([]);
    expect(await lostLocks(client, { ...own, runId: "another" }, claims)).toMatchObject([{ holder: null }]);
    await client.workflow.getHandle(lockWorkflowId(target)).terminate("by hand");
    expect(await lostLocks(client, own, claims)).toMatchObject([{ component: "shop", holder: null }]);
  });
});

test("a lock that somebody ends by hand is noticed before anything is destroyed", async () => {
  const target = fresh();
  const behaviours = {
    ...needing(target),
    "backup/shop": async () => {
      await temporal.client.workflow.getHandle(lockWorkflowId(target)).terminate("by hand");
    },
  };
  await tryWorkflow(temporal, "exercise", { input, behaviours }, async (trial) => {
    const { type, record, message } = await trial.end();
    expect(type).toBe("REFUSED");
    expect(message).toContain("is not locked for this run");
    expect(trial.fakes.calls).not.toContain("destroy/shop");
    expect(record.steps.find(({ id }) => id === "destroy/guards")?.status).toBe("aborted");
  });
});
