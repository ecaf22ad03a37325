import { cancelled, heartbeat } from "@temporalio/activity";
import { closedAfterLossOfVolumes } from "./closed-run.ts";
import { stepFailure } from "./fake-activities.ts";
import type { Shape } from "./history-shapes.ts";
import { manyVolumes } from "./plans.ts";

/** The ways in which a drill of many volumes of one component can go. */

const input = { scenario: "volume", components: ["homes"] };
const drill = { type: "exercise", input, planOf: manyVolumes } as const;

/** Runs until it is cancelled. */
async function endless(): Promise<void> {
  const beating = setInterval(() => heartbeat(), 50);
  await cancelled().finally(() => clearInterval(beating));
}

function failingOnce(call: number): void {
  if (call === 1) throw stepFailure("RECOVERY_FAILED", "volume is faulted");
}

export const manyShapes: Record<string, Shape> = {
  "exercise-many": {
    ...drill,
    behaviours: { "restore/homes-data-2": failingOnce },
    async act({ until, decide }) {
      await until("restore/homes-data-2", "waiting");
      await decide("restore/homes-data-2", "retry");
    },
  },
  "exercise-many-paused": {
    ...drill,
    behaviours: {
      "backup/homes-data-1": async () => {
        await new Promise((resolve) => setTimeout(resolve, 2_000));
      },
    },
    async act({ until, handle }) {
      await until("preflight/guards", "done");
      await handle.executeUpdate("pause", { args: [{ by: "bert", reason: "network" }] });
      await until("backup/proof/homes-data-1", "paused");
      await handle.signal("unpause", { by: "bert", reason: "repaired" });
    },
  },
  "exercise-many-cancel": {
    ...drill,
    behaviours: { "backup/homes-data-1": endless },
    async act({ until, handle }) {
      await until("backup/homes-data-2", "done");
      await handle.cancel();
    },
  },
  "exercise-many-resumed": {
    ...drill,
    input: { ...input, resume: "closed-12345678" },
    behaviours: { "preflight/resume/homes-data-1": () => ({ target: "gone", note: "" }) },
    resumed: closedAfterLossOfVolumes,
  },
  "volume-backup": { ...drill, child: 0 },
  "volume-failed": {
    ...drill,
    child: 0,
    behaviours: { "backup/homes-data-1": failingOnce },
    async act({ until, decide }) {
      await until("backup/homes-data-1", "waiting");
      await decide("backup/homes-data-1", "retry");
    },
  },
};
