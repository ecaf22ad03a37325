import { cancelled, heartbeat } from "@temporalio/activity";
import type { WorkflowHandle } from "@temporalio/client";
import { ApplicationFailure } from "@temporalio/common";
import type { RunType } from "../../src/report/record.ts";
import { check, facts, type fakeActivities, now, stepFailure } from "./fake-activities.ts";

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
  behaviours?: Parameters<typeof fakeActivities>[2];
  act?: (act: Act) => Promise<void>;
}

const shop = { components: ["shop"] };
const none = { ...shop, scenario: "none" };

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
  locks: [],
  facts: facts({ name: "shop", kind: "pgdump" }, { ...inPlace, listed: false }),
  note: "",
});
const locked = () => ({
  target: "database shop",
  locks: ["postgres/1/shop", "postgres/1"],
  facts: facts({ name: "shop", kind: "pgdump" }),
  note: "",
});

function differs(): never {
  const checks = [check("data", false)];
  const verification = { checks, newestRecoveredAt: now(), verifiedAt: now(), note: "" };
  throw stepFailure("CHECKS_FAILED", "shop: data: different", { verification });
}

export const shapes: Record<string, Shape> = {
  "exercise-database": { type: "exercise" },
  "exercise-none": { type: "exercise", input: { scenario: "none" } },
  "exercise-locked": { type: "exercise", input: shop, behaviours: { "preflight/shop": locked } },
  restore: { type: "restore" },
  "restore-to-time": { type: "restore", input: { components: ["ledger"], toTime: "2026-11-21T03:00:00Z" } },
  backup: { type: "backup" },
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
};
