import { stepFailure } from "./fake-activities.ts";
import type { Shape } from "./history-shapes.ts";
import { wholeCluster } from "./plans.ts";

/** The ways in which the drill of a whole cluster can go. */

const drill = { type: "exercise", input: { scenario: "cluster" }, planOf: wholeCluster } as const;

export const clusterShapes: Record<string, Shape> = {
  "exercise-cluster": drill,
  "exercise-cluster-retry": {
    ...drill,
    behaviours: {
      "destroy/layer/machines": (call) => {
        if (call === 1) throw stepFailure("NOT_DESTROYED", "the machine is locked");
      },
      "rebuild/homelab": (call) => {
        if (call === 1) throw stepFailure("NOT_RECOVERED", "no new cluster answers");
      },
    },
    async act({ until, decide }) {
      for (const step of ["destroy/layer/machines", "rebuild/homelab"]) {
        await until(step, "waiting");
        await decide(step, "retry");
      }
    },
  },
};
