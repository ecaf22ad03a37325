import type { RunRecord } from "../../../src/report/record.ts";
import { at, changed, ledger, shop, steps } from "./parts.ts";
import { upTo } from "./passed.ts";
import { running } from "./unfinished.ts";

/** A run that waits for the second of two approvals before it destroys; two others did not count. */
export const approving: RunRecord = changed(
  {
    ...running,
    run: { ...running.run, workflowId: "exercise-homelab-approving" },
    directory: "/var/lib/firedrill/records/exercise-homelab-approving-0f8f2b11",
    components: running.components.map((one) => ({ ...one, lostAt: null, checks: [] })),
    steps: steps("database", [shop, ledger], upTo(38), true),
    approvals: {
      needed: 2,
      from: ["anna", "bert", "carla"],
      withinSeconds: 14_400,
      given: [{ by: "bert", reason: "agreed in the team's meeting", at: at(12) }],
      refused: [
        { by: "anna", at: at(14), why: "anna has started this run; somebody else must approve it" },
        { by: "dora", at: at(20), why: "dora may not approve; plan homelab names anna, bert, carla" },
      ],
    },
  },
  { "approve/destroy": { status: "waiting", startedAt: at(38.1), attempts: 1 } },
);
