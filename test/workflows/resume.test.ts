import { afterAll, beforeAll, expect, test } from "vitest";
import type { Resumed } from "../../src/activities/resume.ts";
import { closedAfterLoss } from "../support/closed-run.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";
import { type Trial, tryWorkflow } from "../support/workflow-rig.ts";

/** What a run takes over from one that was closed, and in which directory it goes on. */

let temporal: TestTemporal;
beforeAll(async () => (temporal = await connectTest()));
afterAll(() => temporal.close());

const input = { plan: "both", by: "carla", reason: "go on", resume: "closed-12345678" };
const gone = { "preflight/resume/shop": () => ({ target: "gone", note: "" }) };
const ran = ({ fakes }: Trial, component: string) =>
  fakes.calls.filter((id) => id.endsWith(`/${component}`)).map((id) => id.slice(0, -component.length - 1));

test("of two components the lost one goes on, in its old directory, and the other begins anew", async () => {
  await tryWorkflow(temporal, "exercise", { input, behaviours: gone, resumed: closedAfterLoss() }, async (trial) => {
    // It was lost for days.
    const { message, record } = await trial.end();
    expect(message).toBe("shop and ledger: destroyed, restored and proven, but the RTO objective was missed.");
    expect(ran(trial, "shop")).toEqual([
      "preflight/resume",
      "restore/control",
      "restore",
      "verify",
      "verify/place",
      "report/retention",
    ]);
    expect(ran(trial, "ledger").slice(0, 5)).toEqual([
      "preflight/resume",
      "preflight",
      "plant",
      "backup",
      "backup/proof",
    ]);
    const { inputs } = trial.fakes;
    expect(inputs["restore/shop"]).toMatchObject([
      { backup: { id: "b0" }, run: { id: "closed-12345678", nonce: "old", tryNo: 2 } },
    ]);
    expect(inputs["preflight/resume/shop"]).toMatchObject([
      { lost: true, placing: false, run: { id: "closed-12345678" } },
    ]);
    expect(inputs["preflight/resume/ledger"]).toMatchObject([{ lost: false, run: { id: "closed-12345678" } }]);
    const [own] = inputs["restore/ledger"] as { run: { id: string; tryNo: number; resumes?: true } }[];
    expect(own!.run.id).not.toBe("closed-12345678");
    expect(own!.run).toMatchObject({ tryNo: 0 });
    expect(own!.run.resumes).toBeUndefined();
    expect(inputs["report/cleanup"]).toMatchObject([{ taken: ["closed-12345678"], run: { id: own!.run.id } }]);
    expect(record.components.map(({ directory }) => directory)).toEqual(["closed-12345678", own!.run.id]);
    const time = 60 * 60 * 1_000;
    expect(record.rto.peopleSeconds).toBeGreaterThan((Date.now() - Date.parse("2026-11-21T03:00:30Z") - time) / 1_000);
    expect(record.startedAt).toBe("2026-11-21T03:00:00.000Z");
  });
});

test("a run that was closed before anything was lost begins anew, with its story", async () => {
  await tryWorkflow(temporal, "exercise", { input, resumed: closedAfterLoss() }, async (trial) => {
    const { type, record } = await trial.end();
    expect(type).toBe("PASS");
    expect(record.steps.filter(({ carriedOver }) => carriedOver)).toEqual([]);
    expect(record.earlier).toMatchObject([{ by: "anna", status: "cancelled" }]);
  });
});

const contradictions: [what: string, change: (resumed: Resumed) => void, message: RegExp][] = [
  [
    "the plan is another one now",
    ({ plan }) => Object.assign(plan.components[0]!, { database: "x" }),
    /components\.shop\.database/,
  ],
  [
    "a component is missing",
    ({ components }) => components.push({ ...components[0]!, name: "third" }),
    /had third as well/,
  ],
];
test.each(contradictions)("%s: nothing is done", async (_, change, message) => {
  const resumed = closedAfterLoss();
  change(resumed);
  await tryWorkflow(temporal, "exercise", { input, behaviours: gone, resumed }, async (trial) => {
    const ended = await trial.end();
    expect(ended).toMatchObject({ type: "REQUEST_INVALID" });
    expect(ended.message).toMatch(message);
    expect(trial.fakes.calls.filter((id) => !id.startsWith("preflight/resume/"))).toEqual([
      "report/cleanup",
      "report/files",
    ]);
  });
});
