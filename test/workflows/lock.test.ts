import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { facts, stepFailure } from "../support/fake-activities.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";
import { type Trial, tryWorkflow } from "../support/workflow-rig.ts";

let temporal: TestTemporal;
beforeAll(async () => (temporal = await connectTest()));
afterAll(() => temporal.close());

/** The inspection of a component that needs these locks. */
const needing =
  (...locks: string[]) =>
  () => ({ target: "database shop", locks, facts: facts({ name: "shop", kind: "pgdump" }), note: "" });
const fails = () => {
  throw stepFailure("PROGRAM_FAILED", "pg_dump ended with exit code 1");
};
const input = { plan: "both", by: "anna", reason: "test", components: ["shop"] };

/** A run that holds the lock and waits for a person. */
async function holding(locks: string[], use: (trial: Trial) => Promise<void>): Promise<void> {
  const behaviours = { "preflight/shop": needing(...locks), "backup/shop": fails };
  await tryWorkflow(temporal, "exercise", { input, behaviours }, async (trial) => {
    await trial.until("backup/shop", "waiting");
    await use(trial);
  });
}

async function another(locks: string[]) {
  let ended: Awaited<ReturnType<Trial["end"]>> | undefined;
  const behaviours = { "preflight/shop": needing(...locks) };
  await tryWorkflow(temporal, "backup", { input, behaviours }, async (trial) => {
    ended = await trial.end();
  });
  return ended!;
}

const fresh = () => `test/${randomUUID()}`;
const status = async (lock: string) => {
  const { status: found } = await temporal.client.workflow.getHandle(`firedrill/target/${lock}`).describe();
  return found.name;
};

test("a second run is refused and told who works on the target since when; nothing of it is touched", async () => {
  const target = fresh();
  await holding([target], async (trial) => {
    const { type, record: refused } = await another([target]);
    expect(type).toBe("REFUSED");
    expect(refused.status).toBe("refused");
    expect(refused.refusals).toEqual([
      {
        guard: "lock",
        component: "shop",
        message: `database shop is being worked on by run ${trial.handle.workflowId}: exercise of plan both, started by anna at ${(await trial.record()).startedAt}`,
        hint: `Wait until it has ended, or cancel it: temporal workflow cancel --workflow-id ${trial.handle.workflowId}`,
      },
    ]);
    expect(refused.steps.find(({ id }) => id === "backup/shop")?.status).toBe("pending");
    expect(await status(target)).toBe("RUNNING");
  });
});

test("other targets are free, and one that shares any lock is not", async () => {
  const [cluster, shop, mail] = [fresh(), fresh(), fresh()];
  await holding([cluster, shop], async () => {
    expect((await another([mail])).type).toBe("PASS");
    expect((await another([mail, shop])).type).toBe("REFUSED");
    // What the refused run had taken before is free again.
    expect((await another([mail])).type).toBe("PASS");
  });
});

test.each(["terminated", "cancelled", "given up"])("a run that is %s leaves no lock behind", async (how) => {
  const target = fresh();
  await holding([target], async (trial) => {
    if (how === "terminated") await trial.handle.terminate("test");
    else if (how === "cancelled") await trial.handle.cancel();
    else await trial.decide("backup/shop", "abort");
    await trial.handle.result().catch(() => "not a PASS");
    expect((await another([target])).type).toBe("PASS");
  });
});

test("a cancelled run holds its lock until it has cleaned up", async () => {
  const target = fresh();
  const seen: string[] = [];
  const behaviours = {
    "preflight/shop": needing(target),
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

test("a lock that somebody ends by hand is noticed before anything is destroyed", async () => {
  const target = fresh();
  const behaviours = {
    "preflight/shop": needing(target),
    "backup/shop": async () => {
      await temporal.client.workflow.getHandle(`firedrill/target/${target}`).terminate("by hand");
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
