import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { now, stepFailure } from "../support/fake-activities.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";
import { tryWorkflow } from "../support/workflow-rig.ts";

let temporal: TestTemporal;
beforeAll(async () => (temporal = await connectTest()));
afterAll(() => temporal.close());

describe("a failed step waits for a decision", () => {
  const failOnce = { "restore/shop": (call: number) => restoreOr(call, 1) };
  const restoreOr = (call: number, failures: number) => {
    if (call <= failures) throw stepFailure("PROGRAM_FAILED", "pg_restore ended with exit code 1");
    return {
      place: "scratch",
      backup: { id: "b1", completedAt: now(), bytes: 1, location: "", sha256: null },
      waits: [],
      note: "",
    };
  };

  test("retry runs it again, and nothing else", async () => {
    await tryWorkflow(temporal, "exercise", { behaviours: failOnce }, async (trial) => {
      const waiting = await trial.until("restore/shop", "waiting");
      expect(waiting.status).toBe("waiting");
      await trial.decide("restore/shop", "retry", { failureNo: 1 });
      const { type, record } = await trial.end();
      expect(type).toBe("PASS");
      expect(trial.fakes.calls.filter((id) => id === "restore/shop")).toHaveLength(2);
      expect(trial.fakes.calls.filter((id) => id === "destroy/shop")).toHaveLength(1);
      expect(trial.fakes.inputs["restore/shop"]).toMatchObject([{ run: { tryNo: 0 } }, { run: { tryNo: 1 } }]);
      const step = record.steps.find(({ id }) => id === "restore/shop")!;
      expect(step.failures).toMatchObject([{ type: "PROGRAM_FAILED", hint: "hint for PROGRAM_FAILED" }]);
      expect(step.decisions).toMatchObject([{ action: "retry", by: "bert", reason: "because" }]);
      expect(step.stretches.map(({ kind }) => kind)).toContain("waited");
      expect(record.rto.peopleSeconds).toBeGreaterThan(0);
    });
  });

  test("skip makes the verdict INCONCLUSIVE", async () => {
    const behaviours = {
      "restore/control/shop": () => {
        throw stepFailure("SYSTEM_UNREACHABLE", "no answer");
      },
    };
    await tryWorkflow(temporal, "exercise", { behaviours }, async (trial) => {
      await trial.until("restore/control/shop", "waiting");
      await trial.decide("restore/control/shop", "skip");
      const { type, record } = await trial.end();
      expect(type).toBe("NOT_PROVEN");
      expect(record.verdict).toBe("INCONCLUSIVE");
    });
  });

  test("abort cleans up, reports, and fails the run", async () => {
    await tryWorkflow(temporal, "exercise", { behaviours: failOnce }, async (trial) => {
      await trial.until("restore/shop", "waiting");
      await trial.decide("restore/shop", "abort");
      const { type, message, record } = await trial.end();
      expect(type).toBe("ABORTED");
      expect(message).toContain("bert gave up at restore/shop");
      expect(record.verdict).toBe("FAIL");
      expect(trial.fakes.calls.slice(-2)).toEqual(["report/cleanup", "report/files"]);
      expect(trial.fakes.calls).not.toContain("verify/shop");
      expect(trial.fakes.inputs["report/files"]).toMatchObject([{ record: { status: "aborted", verdict: "FAIL" } }]);
    });
  });

  test("a signal decides as well; one that does not fit is ignored and shown", async () => {
    await tryWorkflow(temporal, "exercise", { behaviours: failOnce }, async (trial) => {
      await trial.until("restore/shop", "waiting");
      await trial.handle.signal("decide", { step: "restore/ledger", action: "retry", by: "bert", reason: "x" });
      await trial.handle.signal("decide", { step: "restore/shop", action: "retry", by: "bert", reason: "x" });
      const { type, record } = await trial.end();
      expect(type).toBe("PASS");
      expect(record.ignoredDecisions).toMatchObject([
        { why: expect.stringContaining("restore/ledger is not waiting") as string },
      ]);
    });
  });

  test.each([
    ["another step", "verify/shop", "retry", {}, /verify\/shop is not waiting; waiting: restore\/shop/],
    [
      "an older failure",
      "restore/shop",
      "retry",
      { failureNo: 7 },
      /answers failure 7 of restore\/shop, which has failed 1 times/,
    ],
    ["skip where it is not allowed", "restore/shop", "skip", {}, /cannot be skipped/],
    ["an unknown action", "restore/shop", "again", {}, /"again" is no action/],
    ["no reason", "restore/shop", "retry", { reason: " " }, /lacks "reason"/],
    ["an unknown key", "restore/shop", "retry", { bye: 1 }, /unknown key "bye"/],
  ])("a decision is refused: %s", async (_, step, action, more, message) => {
    await tryWorkflow(temporal, "exercise", { behaviours: failOnce }, async (trial) => {
      await trial.until("restore/shop", "waiting");
      const refused = (await trial.decide(step, action, more).catch((error: unknown) => error)) as { cause: Error };
      expect(refused.cause.message).toMatch(message);
      expect((await trial.record()).steps.find(({ id }) => id === "restore/shop")).toMatchObject({
        status: "waiting",
        decisions: [],
      });
    });
  });

  test("two steps wait at once and are answered one by one", async () => {
    const both = {
      "restore/shop": (call: number) => restoreOr(call, 1),
      "restore/ledger": (call: number) => restoreOr(call, 1),
    };
    await tryWorkflow(temporal, "exercise", { behaviours: both }, async (trial) => {
      await trial.until("restore/shop", "waiting");
      await trial.until("restore/ledger", "waiting");
      await trial.decide("restore/ledger", "retry");
      expect((await trial.until("restore/ledger", "done")).status).toBe("waiting");
      await trial.decide("restore/shop", "retry");
      expect((await trial.end()).type).toBe("PASS");
    });
  });
});

test("a failing cleanup of a run that was given up does not wait for anybody", async () => {
  const fail = (type: string) => () => {
    throw stepFailure(type, `${type} happened`);
  };
  await tryWorkflow(
    temporal,
    "exercise",
    { behaviours: { "backup/shop": fail("DISK_FULL"), "report/cleanup": fail("SYSTEM_UNREACHABLE") } },
    async (trial) => {
      await trial.until("backup/shop", "waiting");
      await trial.decide("backup/shop", "abort");
      const { type, record } = await trial.end();
      expect(type).toBe("ABORTED");
      expect(record.steps.find(({ id }) => id === "report/cleanup")).toMatchObject({
        status: "aborted",
        failures: [{ type: "SYSTEM_UNREACHABLE" }],
      });
    },
  );
});
