import { cancelled, heartbeat } from "@temporalio/activity";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { check, facts, now, stepFailure } from "../support/fake-activities.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";
import { tryWorkflow } from "../support/workflow-rig.ts";

let temporal: TestTemporal;
beforeAll(async () => (temporal = await connectTest()));
afterAll(() => temporal.close());

describe("the verdict", () => {
  test("a refusal ends the run before anything is touched", async () => {
    const behaviours = {
      "preflight/shop": () => ({
        target: "database shop",
        facts: facts({ name: "shop", kind: "pgdump" }, { listed: false }),
        note: "",
      }),
    };
    await tryWorkflow(temporal, "exercise", { behaviours }, async (trial) => {
      const { type, record } = await trial.end();
      expect(type).toBe("REFUSED");
      expect(record).toMatchObject({ status: "refused", verdict: "INCONCLUSIVE" });
      expect(record.refusals).toHaveLength(1);
      expect(trial.fakes.calls).toEqual(expect.not.arrayContaining(["plant/shop", "backup/shop", "destroy/shop"]));
    });
  });

  test("a check that passes while the data is lost proves nothing", async () => {
    const behaviours = {
      "restore/control/shop": () => ({
        checks: [{ name: "data", passed: true, found: "all there" }],
        lostAt: null,
        note: "",
      }),
    };
    await tryWorkflow(temporal, "exercise", { behaviours }, async (trial) => {
      const { type, record } = await trial.end();
      expect(type).toBe("NOT_PROVEN");
      expect(record.diagnosis).toMatchObject([
        { object: "shop: data", cause: expect.stringContaining("passed although the data was lost") as string },
      ]);
    });
  });

  test("checks that fail after a destruction ask a person; the verdict stays FAIL whatever the answer", async () => {
    const behaviours = {
      "verify/shop": () => {
        throw stepFailure("CHECKS_FAILED", "shop: data: different", {
          verification: { checks: [check("data", false)], newestRecoveredAt: now(), verifiedAt: now(), note: "" },
        });
      },
    };
    await tryWorkflow(temporal, "exercise", { behaviours }, async (trial) => {
      await trial.until("verify/shop", "waiting");
      await trial.decide("verify/shop", "skip");
      const { type, record } = await trial.end();
      expect(trial.fakes.calls).toContain("verify/place/shop");
      expect(type).toBe("DRILL_FAILED");
      expect(record.components[0]).toMatchObject({
        verdict: "FAIL",
        checks: [{ name: "data", passed: false, negativeControl: { passed: false } }, {}],
      });
    });
  });

  test("an RPO beyond its objective fails the drill", async () => {
    const old = new Date(Date.now() - 3_600_000).toISOString();
    const behaviours = {
      "verify/shop": () => ({ checks: [check("data")], newestRecoveredAt: old, verifiedAt: now(), note: "" }),
    };
    await tryWorkflow(temporal, "exercise", { behaviours }, async (trial) => {
      const { type, record } = await trial.end();
      expect(type).toBe("DRILL_FAILED");
      expect(record.summary).toContain("RPO objective was missed");
    });
  });
});

test("cancelling stops the running step, cleans up, reports and ends as cancelled", async () => {
  let stopped = false;
  const behaviours = {
    "backup/shop": async () => {
      const beating = setInterval(() => heartbeat(), 50);
      await cancelled()
        .finally(() => clearInterval(beating))
        .catch((error: unknown) => {
          stopped = true;
          throw error;
        });
    },
  };
  await tryWorkflow(temporal, "exercise", { behaviours }, async (trial) => {
    await trial.until("backup/shop", "running");
    await trial.until("backup/proof/ledger", "pending");
    await trial.handle.cancel();
    const { type, record } = await trial.end();
    expect(type).toBe("CancelledFailure");
    expect(stopped).toBe(true);
    expect(record.steps.find(({ id }) => id === "backup/shop")!.status).toBe("cancelled");
    expect(trial.fakes.calls.slice(-2)).toEqual(["report/cleanup", "report/files"]);
    expect(trial.fakes.calls).not.toContain("destroy/ledger");
  });
});

test("cancelling a run that waits for a person cleans up and ends as cancelled", async () => {
  const behaviours = {
    "backup/shop": () => {
      throw stepFailure("DISK_FULL", "no space left");
    },
  };
  await tryWorkflow(temporal, "exercise", { behaviours }, async (trial) => {
    await trial.until("backup/shop", "waiting");
    await trial.handle.cancel();
    const { type, record } = await trial.end();
    expect(type).toBe("CancelledFailure");
    expect(record).toMatchObject({ status: "cancelled", verdict: "INCONCLUSIVE" });
    expect(trial.fakes.calls.slice(-2)).toEqual(["report/cleanup", "report/files"]);
    expect((await trial.handle.describe()).status.name).toBe("CANCELLED");
  });
});

describe("while the run closes", () => {
  const failing = { "report/cleanup": (call: number) => cleanOr(call) };
  function cleanOr(call: number) {
    if (call === 1) throw stepFailure("SYSTEM_UNREACHABLE", "the server is away");
    return { removed: 0, leftovers: [], note: "clean" };
  }

  test("giving up at the cleanup still writes the report, and the record says how it ended", async () => {
    await tryWorkflow(temporal, "exercise", { behaviours: failing }, async (trial) => {
      await trial.until("report/cleanup", "waiting");
      await trial.decide("report/cleanup", "abort");
      const { type, record } = await trial.end();
      expect(type).toBe("ABORTED");
      expect(record).toMatchObject({ status: "aborted", verdict: "FAIL", endedAt: expect.any(String) as string });
      expect(trial.fakes.calls.at(-1)).toBe("report/files");
    });
  });

  test("cancelling at the cleanup tries it once more, reports and ends", async () => {
    await tryWorkflow(temporal, "exercise", { behaviours: failing }, async (trial) => {
      await trial.until("report/cleanup", "waiting");
      await trial.handle.cancel();
      const { type, record } = await trial.end();
      expect(type).toBe("CancelledFailure");
      expect(record.status).toBe("cancelled");
      expect(trial.fakes.calls.slice(-2)).toEqual(["report/cleanup", "report/files"]);
    });
  });
});
