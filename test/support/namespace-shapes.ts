import { closedAfterDeletion } from "./closed-run.ts";
import { stepFailure } from "./fake-activities.ts";
import type { Shape } from "./history-shapes.ts";
import { twoNamespaces } from "./plans.ts";

/** The ways in which a drill of namespaces can go. */

const drill = { type: "exercise", input: { scenario: "namespace" }, planOf: twoNamespaces } as const;

export const namespaceShapes: Record<string, Shape> = {
  "exercise-namespace": drill,
  "exercise-namespace-retry": {
    ...drill,
    behaviours: {
      "rebuild/shop": (call) => {
        if (call === 1) throw stepFailure("NOT_RECOVERED", "image a/b:1 does not exist in registry a");
      },
    },
    async act({ until, decide }) {
      await until("rebuild/shop", "waiting");
      await decide("rebuild/shop", "retry");
    },
  },
  "exercise-namespace-resumed": {
    ...drill,
    input: { scenario: "namespace", resume: "closed-12345678" },
    behaviours: { "preflight/resume/shop": () => ({ target: "gone", note: "" }) },
    resumed: closedAfterDeletion,
  },
};
