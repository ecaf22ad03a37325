import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { facts, stepFailure } from "../support/fake-activities.ts";
import { twoComponents } from "../support/plans.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";
import { type Trial, tryWorkflow } from "../support/workflow-rig.ts";

let temporal: TestTemporal;
beforeAll(async () => (temporal = await connectTest()));
afterAll(() => temporal.close());

const step = "approve/destroy";
const asking = (approvals: object, more = {}) => twoComponents({ approvals, ...more });
const input = { plan: "both", by: "anna", reason: "test", components: ["shop"] };

/** Words of the run's answer: empty when it was taken. */
const approve = ({ handle }: Trial, by: string, more = {}) =>
  handle.executeUpdate("approve", { args: [{ by, reason: "agreed", ...more }] }).then(
    () => "",
    (error: Error & { cause?: Error }) => error.cause?.message ?? error.message,
  );
const exercise = (
  plan: ReturnType<typeof twoComponents>,
  use: (trial: Trial) => Promise<void>,
  behaviours = {},
  more = {},
) => tryWorkflow(temporal, "exercise", { plan, input: { ...input, ...more }, behaviours }, use);

test("it waits before the destruction until as many people have approved as the plan asks for", async () => {
  await exercise(asking({ destroy: 2, from: ["anna", "Bert", "carla"] }), async (trial) => {
    const waiting = await trial.until(step, "waiting");
    expect(waiting.status).toBe("waiting");
    expect(trial.fakes.calls).toContain("backup/proof/shop");
    expect(await approve(trial, "bert ")).toBe("");
    expect(await approve(trial, "Anna")).toContain("Anna has started this run");
    expect(await approve(trial, "BERT")).toContain("has approved already");
    expect(await approve(trial, "dora")).toContain("dora may not approve; plan both names anna, Bert, carla");
    expect(await approve(trial, "carla", { planSha256: "0".repeat(64) })).toContain("has approved another plan");
    expect(trial.fakes.calls).not.toContain("destroy/shop");
    expect(await approve(trial, "carla")).toBe("");
    const { type, record } = await trial.end();
    expect(type).toBe("PASS");
    expect(record.approvals?.given.map(({ by, reason }) => [by, reason])).toEqual([
      ["bert", "agreed"],
      ["carla", "agreed"],
    ]);
    expect(record.approvals?.refused.map(({ by }) => by)).toEqual(["Anna", "BERT", "dora", "carla"]);
    expect(record.steps.find(({ id }) => id === step)?.note).toBe("approved by bert and carla");
    const [given] = trial.fakes.inputs["destroy/shop"] as { run: { approvals: { by: string }[] } }[];
    expect(given!.run.approvals.map(({ by }) => by)).toEqual(["bert", "carla"]);
  });
});

test("a run that its starter's absence leaves too few to approve is refused before it backs up", async () => {
  await exercise(asking({ destroy: 2, from: ["Anna", "anna ", "bert"] }), async (trial) => {
    const { type, message } = await trial.end();
    expect(type).toBe("REFUSED");
    expect(message).toContain("needs 2 approvals by others than who started this run, and only bert may give one");
    expect(trial.fakes.calls).not.toContain("backup/shop");
  });
  // The same people are enough where somebody else starts it, and where nothing is destroyed.
  await exercise(
    asking({ destroy: 2, from: ["anna", "bert"] }),
    (trial) => trial.until(step, "waiting").then(() => {}),
    {},
    { by: "carla" },
  );
  await exercise(
    asking({ destroy: 2, from: ["anna", "bert"] }),
    async (trial) => expect((await trial.end()).type).toBe("PASS"),
    {},
    { scenario: "none" },
  );
});

test("whoever approves early keeps nobody waiting", async () => {
  const behaviours = {
    "backup/shop": (call: number) => {
      if (call === 1) throw stepFailure("DISK_FULL", "no space left");
      return undefined;
    },
  };
  await exercise(
    asking({ destroy: 1 }),
    async (trial) => {
      await trial.until("backup/shop", "waiting");
      expect(await approve(trial, "bert")).toBe("");
      await trial.decide("backup/shop", "retry");
      const { type, record } = await trial.end();
      expect(type).toBe("PASS");
      expect(record.steps.find(({ id }) => id === step)?.stretches).toEqual([]);
    },
    behaviours,
  );
});

test("an approval that is too old does not count, and can be given again", async () => {
  const behaviours = { "backup/shop": () => sleep(3_000) };
  await exercise(
    asking({ destroy: 1, within: "2s" }),
    async (trial) => {
      await trial.until("backup/shop", "running");
      expect(await approve(trial, "bert")).toBe("");
      await trial.until(step, "waiting");
      expect(await approve(trial, "bert")).toBe("");
      expect((await trial.end()).type).toBe("PASS");
    },
    behaviours,
  );
});

describe("without approvals nothing is destroyed", () => {
  test("when the time for them is over", async () => {
    await exercise(asking({ destroy: 2, within: "1s" }), async (trial) => {
      await trial.until("plant/shop", "done");
      const { type, message, record } = await trial.end();
      expect(type).toBe("ABORTED");
      expect(message).toContain("0 of 2 people have approved");
      expect(record.summary).toContain("only 0 of 2 people have approved, and the time for it is over");
      expect(trial.fakes.calls).not.toContain("destroy/shop");
      expect(trial.fakes.calls).toContain("report/cleanup");
    });
  });

  test("when somebody gives the run up; no other decision fits", async () => {
    await exercise(asking({ destroy: 1 }), async (trial) => {
      await trial.until(step, "waiting");
      for (const action of ["retry", "skip"]) await expect(trial.decide(step, action)).rejects.toThrow();
      await trial.decide(step, "abort");
      const { type, record } = await trial.end();
      expect(type).toBe("ABORTED");
      expect(record.summary).toContain("bert gave up at approve/destroy: because");
      expect(trial.fakes.calls).not.toContain("destroy/shop");
    });
  });

  test("when the run is cancelled meanwhile", async () => {
    await exercise(asking({ destroy: 1 }), async (trial) => {
      await trial.until(step, "waiting");
      await trial.handle.cancel();
      expect((await trial.end()).type).toBe("CancelledFailure");
      expect(trial.fakes.calls).not.toContain("destroy/shop");
    });
  });

  test("in production, where the plan must ask for them", async () => {
    await exercise(twoComponents({ environment: "production" }), async (trial) => {
      const { type, record } = await trial.end();
      expect(type).toBe("REFUSED");
      expect(record.refusals).toMatchObject([{ guard: "production" }]);
    });
    await exercise(asking({ destroy: 1 }, { environment: "production" }), async (trial) => {
      await trial.until(step, "waiting");
      expect(await approve(trial, "bert")).toBe("");
      expect((await trial.end()).type).toBe("PASS");
    });
  });
});

test("a signal approves as well; one that does not count, or is none, is told of", async () => {
  await exercise(asking({ destroy: 1 }), async (trial) => {
    await trial.until(step, "waiting");
    await trial.handle.signal("approve", { by: "anna", reason: "me" });
    await trial.handle.signal("approve", { by: "bert" });
    await trial.handle.signal("approve", { by: "bert", reason: "agreed" });
    const { type, record } = await trial.end();
    expect(type).toBe("PASS");
    expect(record.approvals?.refused).toMatchObject([{ by: "anna" }]);
    expect(record.ignoredDecisions).toMatchObject([{ why: 'approval: the approval lacks "reason"' }]);
  });
});

test("a run whose plan asks for none takes none", async () => {
  const behaviours = {
    "backup/shop": () => {
      throw stepFailure("DISK_FULL", "no space left");
    },
  };
  await exercise(
    twoComponents(),
    async (trial) => {
      await trial.until("backup/shop", "waiting");
      expect(await approve(trial, "bert")).toContain("this run asks for no approvals");
      expect(await approve(trial, "bert", { planSha256: "x" })).not.toBe("");
      await trial.decide("backup/shop", "abort");
      const { record } = await trial.end();
      expect(record.steps.some(({ id }) => id === step)).toBe(false);
      expect(record.ignoredDecisions).toMatchObject([{ why: expect.stringContaining("approval of bert") as string }]);
    },
    behaviours,
  );
});

describe("a restore", () => {
  const of = (exists: boolean) => ({
    "preflight/shop": () => ({
      target: "database shop",
      facts: facts({ name: "shop", kind: "pgdump" }, { exists }),
      note: "",
    }),
  });
  const plan = asking({ destroy: 1 });

  test("over something that is there needs them", async () => {
    await tryWorkflow(temporal, "restore", { plan, input, behaviours: of(true) }, async (trial) => {
      await trial.until(step, "waiting");
      expect(await approve(trial, "bert")).toBe("");
      expect((await trial.end()).type).toBe("PASS");
    });
  });

  test("of what is gone does not", async () => {
    await tryWorkflow(temporal, "restore", { plan, input, behaviours: of(false) }, async (trial) => {
      const { type, record } = await trial.end();
      expect(type).toBe("PASS");
      expect(record.steps.find(({ id }) => id === step)?.note).toBe("nothing is destroyed");
    });
  });
});

describe("a failed step that nobody answers in time", () => {
  const fails = () => {
    throw stepFailure("PROGRAM_FAILED", "ended with exit code 1");
  };
  const plan = (otherwise: string) => twoComponents({ decisions: { within: "1s", otherwise } });

  test.each(["abort", "skip"])(
    "is given up where it may not be skipped, also with otherwise: %s",
    async (otherwise) => {
      await exercise(
        plan(otherwise),
        async (trial) => {
          const { type, record } = await trial.end();
          expect(type).toBe("ABORTED");
          const { decisions } = record.steps.find(({ id }) => id === "backup/shop")!;
          expect(decisions).toMatchObject([{ action: "abort", by: "plan both", reason: "nobody decided within 1 s" }]);
        },
        { "backup/shop": fails },
      );
    },
  );

  test("is skipped where the plan says so and it may be", async () => {
    await exercise(
      plan("skip"),
      async (trial) => {
        const { type, record } = await trial.end();
        expect(type).toBe("NOT_PROVEN");
        expect(record.steps.find(({ id }) => id === "restore/control/shop")?.status).toBe("skipped");
      },
      { "restore/control/shop": fails },
    );
  });

  test("takes an answer that comes before", async () => {
    await exercise(
      plan("abort"),
      async (trial) => {
        await trial.until("backup/shop", "waiting");
        await trial.decide("backup/shop", "retry");
        expect((await trial.end()).type).toBe("PASS");
      },
      { "backup/shop": (call: number) => (call === 1 ? fails() : undefined) },
    );
  });
});
