import { cancelled, heartbeat } from "@temporalio/activity";
import type { WorkflowHandle } from "@temporalio/client";
import { ApplicationFailure } from "@temporalio/common";
import type { RunType } from "../../src/report/record.ts";
import { closedAfterLoss } from "./closed-run.ts";
import { check, facts, type fakeActivities, now, stepFailure } from "./fake-activities.ts";
import { clusterShapes } from "./cluster-shapes.ts";
import { manyShapes } from "./many-shapes.ts";
import { namespaceShapes } from "./namespace-shapes.ts";
import type { twoComponents } from "./plans.ts";

/** What a recorder does to a run. */
export interface Act {
  handle: WorkflowHandle;
  decide: (step: string, action: string) => Promise<void>;
  until: (step: string, status: string) => Promise<void>;
  /** Another worker takes over. */
  restart: () => Promise<void>;
}

/** One way in which a run can go; its history is kept for every release. */
export interface Shape {
  type: RunType;
  input?: object;
  /** The plan; that of two components of either kind unless told. */
  planOf?: typeof twoComponents;
  /** What the plan says besides. */
  plan?: object;
  behaviours?: Parameters<typeof fakeActivities>[2];
  act?: (act: Act) => Promise<void>;
  /** Of the plan's file by the time it is read again, with nothing in it that counts changed. */
  sha256?: string;
  /** What the run before has left. */
  resumed?: typeof closedAfterLoss;
  /** The history that is kept is that of this child of type `volume`, counted from 0, and not the run's own. */
  child?: number;
}

const shop = { components: ["shop"] };
const none = { ...shop, scenario: "none" };
const notify = [
  { kind: "slack", webhook: { env: "HOOK" } },
  { kind: "webhook", url: { env: "HOOK" }, on: ["waiting"] },
];

function failing(times: number, type = "DISK_FULL") {
  return (call: number) => {
    if (call <= times) throw stepFailure(type, "no space left");
  };
}

/** Runs until it is cancelled. */
async function endless(): Promise<void> {
  const beating = setInterval(() => heartbeat(), 50);
  await cancelled().finally(() => clearInterval(beating));
}

/** The server was told that the worker had died: the step is tried again. */
function dyingOnce(call: number): void {
  if (call === 1) throw ApplicationFailure.retryable("the worker died", "WorkerDied");
}

const inPlace = { exists: true, identity: "1", listed: true } as const;
const unlisted = () => ({
  target: "database shop",
  facts: facts({ name: "shop", kind: "pgdump" }, { ...inPlace, listed: false }),
  note: "",
});
const locked = () => ({
  target: "database shop",
  facts: facts({ name: "shop", kind: "pgdump" }, { lock: "postgres/1/shop" }),
  note: "",
});

const taken = () => [
  {
    component: "shop",
    target: "database shop",
    holder: {
      workflowId: "r",
      type: "backup",
      plan: "both",
      by: "bert",
      since: now(),
      target: "database shop",
      over: false,
    },
  },
];
const byItself = { ...shop, by: "schedule exercise", scheduled: true };
const always = { from: "2020-01-01", until: "2999-12-31", reason: "sales" };

function differs(): never {
  const checks = [check("data", false)];
  const verification = { checks, newestRecoveredAt: now(), verifiedAt: now(), note: "" };
  throw stepFailure("CHECKS_FAILED", "shop: data: different", { verification });
}

/** Somebody has edited a comment after the approval. */
const approvedThenEdited: Shape = {
  type: "exercise",
  input: shop,
  plan: { approvals: { destroy: 1 } },
  sha256: "cd",
  behaviours: { "destroy/shop": failing(1, "PLAN_CHANGED") },
  async act({ until, decide, handle }) {
    await until("approve/destroy", "waiting");
    await handle.executeUpdate("approve", { args: [{ by: "bert", reason: "agreed" }] });
    await until("destroy/shop", "waiting");
    const decision = { step: "destroy/shop", action: "retry", by: "bert", reason: "a comment", reload: true };
    await handle.executeUpdate("decide", { args: [decision] }).catch(() => decide("destroy/shop", "retry"));
  },
};

export const shapes: Record<string, Shape> = {
  "exercise-database": { type: "exercise" },
  "exercise-none": { type: "exercise", input: { scenario: "none" } },
  "exercise-locked": { type: "exercise", input: shop, behaviours: { "preflight/shop": locked } },
  "exercise-skipped": {
    type: "exercise",
    input: byItself,
    behaviours: { "preflight/shop": locked, claim: taken },
  },
  "exercise-frozen": { type: "exercise", input: byItself, plan: { freeze: [always] } },
  restore: { type: "restore" },
  "restore-to-time": { type: "restore", input: { components: ["ledger"], toTime: "2026-11-21T03:00:00Z" } },
  backup: { type: "backup" },
  audit: { type: "audit" },
  /** One component cannot be looked at; the other is looked at all the same. */
  "audit-unreachable": {
    type: "audit",
    behaviours: { "preflight/shop": failing(1, "SYSTEM_UNREACHABLE"), "preflight/ledger": locked },
  },
  "exercise-retry": {
    type: "exercise",
    input: shop,
    behaviours: { "backup/shop": failing(1), "restore/shop": failing(2) },
    async act({ until, decide, handle }) {
      await until("backup/shop", "waiting");
      await handle.signal("decide", { step: "verify/shop", action: "retry", by: "bert", reason: "the wrong one" });
      await handle.signal("decide", { step: "backup/shop", action: "retry", by: "bert", reason: "by signal" });
      for (let failure = 1; failure <= 2; failure += 1) {
        await until("restore/shop", "waiting");
        await decide("restore/shop", "retry");
      }
    },
  },
  "exercise-reloaded": {
    type: "exercise",
    input: shop,
    behaviours: { "backup/shop": failing(2) },
    async act({ until, handle }) {
      const decision = { step: "backup/shop", action: "retry", by: "bert", reason: "mended", reload: true };
      await until("backup/shop", "waiting");
      await handle.executeUpdate("decide", { args: [{ ...decision, failureNo: 1 }] });
      await until("backup/shop", "waiting");
      await handle.signal("decide", { ...decision, failureNo: 2 });
    },
  },
  "exercise-resumed": {
    type: "exercise",
    input: { resume: "closed-12345678" },
    behaviours: { "preflight/resume/shop": () => ({ target: "gone", note: "" }) },
    resumed: closedAfterLoss,
  },
  "exercise-approved": {
    type: "exercise",
    input: shop,
    plan: { approvals: { destroy: 1 } },
    async act({ until, handle }) {
      await until("approve/destroy", "waiting");
      for (const by of ["anna", "bert"])
        await handle.executeUpdate("approve", { args: [{ by, reason: "agreed" }] }).catch(() => "anna may not");
    },
  },
  /** Before that was refused. */
  "exercise-edited-taken": approvedThenEdited,
  "exercise-edited-refused": approvedThenEdited,
  "exercise-paused": {
    type: "exercise",
    input: shop,
    behaviours: { "backup/shop": failing(1) },
    async act({ until, decide, handle }) {
      await until("backup/shop", "waiting");
      await handle.executeUpdate("pause", { args: [{ by: "bert", reason: "network" }] });
      await decide("backup/shop", "retry");
      await until("backup/shop", "paused");
      await handle.signal("unpause", { by: "bert", reason: "repaired" });
    },
  },
  "exercise-unanswered": {
    type: "exercise",
    input: shop,
    plan: { decisions: { within: "1s" } },
    behaviours: { "backup/shop": failing(1) },
  },
  "exercise-noticed": {
    type: "exercise",
    input: shop,
    plan: { notify, approvals: { destroy: 1 } },
    behaviours: { "backup/shop": failing(1) },
    async act({ until, decide, restart, handle }) {
      await until("backup/shop", "waiting");
      await restart();
      await decide("backup/shop", "retry");
      await until("approve/destroy", "waiting");
      await handle.executeUpdate("approve", { args: [{ by: "bert", reason: "agreed" }] });
    },
  },
  "exercise-noticed-cancel": {
    type: "exercise",
    input: none,
    plan: { notify },
    behaviours: { "backup/shop": failing(1) },
    async act({ until, handle }) {
      await until("backup/shop", "waiting");
      await handle.cancel();
    },
  },
  "exercise-noticed-abort": {
    type: "exercise",
    input: none,
    plan: { notify },
    behaviours: { "backup/shop": failing(1) },
    async act({ until, decide }) {
      await until("backup/shop", "waiting");
      await decide("backup/shop", "abort");
    },
  },
  /** With the run's values in the memo, which came later than the other shapes. */
  "backup-digest": { type: "backup" },
  "exercise-two-wait": {
    type: "exercise",
    input: { scenario: "none" },
    behaviours: { "backup/shop": failing(1), "backup/ledger": failing(1) },
    async act({ until, decide }) {
      for (const step of ["backup/shop", "backup/ledger"]) await until(step, "waiting");
      for (const step of ["backup/ledger", "backup/shop"]) await decide(step, "retry");
    },
  },
  "exercise-skip": {
    type: "exercise",
    input: shop,
    behaviours: { "verify/shop": differs },
    async act({ until, decide }) {
      await until("verify/shop", "waiting");
      await decide("verify/shop", "skip");
    },
  },
  "exercise-abort": {
    type: "exercise",
    input: { scenario: "none" },
    behaviours: { "restore/shop": failing(1), "restore/ledger": endless },
    async act({ until, decide }) {
      await until("restore/shop", "waiting");
      await decide("restore/shop", "abort");
    },
  },
  "exercise-cancel-running": {
    type: "exercise",
    input: none,
    behaviours: { "backup/shop": endless },
    async act({ until, handle }) {
      await until("backup/shop", "running");
      await handle.cancel();
    },
  },
  "exercise-cancel-waiting": {
    type: "exercise",
    input: none,
    behaviours: { "backup/shop": failing(1) },
    async act({ until, handle }) {
      await until("backup/shop", "waiting");
      await handle.cancel();
    },
  },
  "exercise-refused": { type: "exercise", input: shop, behaviours: { "preflight/shop": unlisted } },
  "exercise-worker-killed": {
    type: "exercise",
    input: shop,
    behaviours: { "restore/shop": dyingOnce, "verify/shop": failing(1) },
    async act({ until, decide, restart }) {
      await until("verify/shop", "waiting");
      await restart();
      await decide("verify/shop", "retry");
    },
  },
  "exercise-cleanup-fails": {
    type: "exercise",
    input: none,
    behaviours: { "report/cleanup": failing(1) },
    async act({ until, decide }) {
      await until("report/cleanup", "waiting");
      await decide("report/cleanup", "retry");
    },
  },
  ...clusterShapes,
  ...namespaceShapes,
  ...manyShapes,
};
