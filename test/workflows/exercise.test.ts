import { cancelled, heartbeat } from "@temporalio/activity";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { outline } from "../../src/plan/outline.ts";
import type { RunRecord, RunType, Scenario } from "../../src/report/record.ts";
import { check, facts, now, stepFailure } from "../support/fake-activities.ts";
import { twoComponents } from "../support/plans.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";
import { tryWorkflow } from "../support/workflow-rig.ts";

let temporal: TestTemporal;
beforeAll(async () => (temporal = await connectTest()));
afterAll(() => temporal.close());

const announced: [RunType, Scenario][] = [
  ["exercise", "database"],
  ["exercise", "none"],
  ["restore", "database"],
  ["backup", "none"],
];

describe("what ran is what was announced", () => {
  test.each(announced)("%s, scenario %s", async (type, scenario) => {
    const input = { plan: "both", by: "anna", reason: "test", scenario };
    await tryWorkflow(temporal, type, { input }, async (trial) => {
      const { type: end, record } = await trial.end();
      expect(end).toBe("PASS");
      const steps = outline(type, scenario, twoComponents().components);
      expect(record.steps.map(({ id, title, destroys }) => ({ id, title, destroys }))).toEqual(
        steps.map(({ id, title, destroys }) => ({ id, title, destroys })),
      );
      expect(record.steps.map(({ id, status }) => [id, status])).toEqual(steps.map(({ id }) => [id, "done"]));
      const activities = steps.map(({ id }) => id).filter((id) => !id.endsWith("/guards"));
      expect([...trial.fakes.calls].sort()).toEqual([...activities].sort());
      const phases = trial.fakes.calls.map((id) => id.split("/")[0]);
      expect(phases).toEqual([...phases].sort((a, b) => order.indexOf(a!) - order.indexOf(b!)));
    });
  });
  const order = ["preflight", "plant", "backup", "destroy", "restore", "verify", "report"];
});

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

describe("input of a run started by hand is checked", () => {
  test.each([
    ["no input", null, /not a JSON object/],
    ["a list", ["both"], /not a JSON object/],
    ["no plan", { by: "anna", reason: "x" }, /lacks "plan"/],
    ["a misspelt key", { plan: "both", by: "anna", reazon: "x" }, /unknown key "reazon"/],
    ["an unknown plan", { plan: "bothh", by: "anna", reason: "x" }, /there is no plan "bothh"/],
    [
      "an unknown scenario",
      { plan: "both", by: "anna", reason: "x", scenario: "cluster" },
      /unknown scenario "cluster"/,
    ],
    ["an unknown component", { plan: "both", by: "anna", reason: "x", components: ["shopp"] }, /no component "shopp"/],
    [
      "a time for an exercise",
      { plan: "both", by: "anna", reason: "x", toTime: "2026-01-01T00:00:00Z" },
      /is for a restore/,
    ],
  ])("%s fails the run at once", async (_, input, message) => {
    await tryWorkflow(temporal, "exercise", { input }, async (trial) => {
      const failure = (await trial.handle.result().catch((error: unknown) => error)) as {
        cause: Error & { cause?: Error };
      };
      expect(`${failure.cause.message} ${failure.cause.cause?.message}`).toMatch(message);
      expect((await trial.handle.describe()).status.name).toBe("FAILED");
      expect(trial.fakes.calls).toEqual([]);
    });
  });

  test.each(["2026-01-01 00:00:00", "2026-02-31T00:00:00Z"])(
    "a restore wants a real time with its zone: %s",
    async (toTime) => {
      const input = { plan: "both", by: "a", reason: "x", toTime };
      await tryWorkflow(temporal, "restore", { input }, async (trial) => {
        const failure = (await trial.handle.result().catch((error: unknown) => error)) as { cause: Error };
        expect(failure.cause.message).toMatch(/not a time with a time zone/);
      });
    },
  );
});

describe("the RPO of a restore", () => {
  const old = new Date(Date.now() - 3 * 86_400_000).toISOString();
  const behaviours = Object.fromEntries(
    ["shop", "ledger"].map((name) => [
      `verify/${name}`,
      () => ({ checks: [check("data")], newestRecoveredAt: old, verifiedAt: now(), note: "" }),
    ]),
  );
  const restore = async (toTime: string | null) => {
    const input = { plan: "both", by: "a", reason: "the disk died", toTime };
    let end: { type: string; record: RunRecord } | undefined;
    await tryWorkflow(temporal, "restore", { input, behaviours }, async (trial) => void (end = await trial.end()));
    return end!;
  };

  test("is not judged by when somebody began to restore", async () => {
    const { type, record } = await restore(null);
    expect(type).toBe("PASS");
    expect(record).toMatchObject({ run: { toTime: null }, rpo: { objectiveSeconds: 900, seconds: null } });
  });

  test("is measured against the time that was asked for, which the record names", async () => {
    const toTime = new Date(Date.parse(old) + 60_000).toISOString();
    const { type, record } = await restore(toTime);
    expect(type).toBe("PASS");
    expect(Date.parse(record.run.toTime!)).toBe(Date.parse(toTime));
    expect(record.rpo.seconds).toBe(60);
  });
});

test("only the named components take part", async () => {
  await tryWorkflow(
    temporal,
    "exercise",
    { input: { plan: "both", by: "a", reason: "x", components: ["shop"] } },
    async (trial) => {
      const { type, record } = await trial.end();
      expect(type).toBe("PASS");
      expect(record.components.map(({ name }) => name)).toEqual(["shop"]);
      expect(trial.fakes.calls.some((id) => id.includes("ledger"))).toBe(false);
    },
  );
});
