import { namesInPlan } from "../plan/many-volumes.ts";
import type { RunRecord, RunType, Scenario, Verdict } from "./record.ts";

/** A run in a few values: what a list of drills shows, and what stands in the memo of its workflow. */
export interface Digest {
  plan: string;
  type: RunType;
  scenario: Scenario;
  /** Names in the plan of those that the run was about. */
  components: string[];
  by: string;
  reason: string;
  /** ISO 8601 in UTC. */
  startedAt: string;
  endedAt: string | null;
  status: RunRecord["status"];
  verdict: Verdict | null;
  rtoSeconds: number | null;
  rpoSeconds: number | null;
  summary: string;
  /** Run IDs of the parts before, whose story this one goes on telling; missing where there are none. */
  earlier?: string[];
}

export function digest({
  plan,
  run,
  components,
  startedAt,
  endedAt,
  status,
  verdict,
  rto,
  rpo,
  summary,
  earlier,
}: RunRecord): Digest {
  const { type, scenario, by, reason } = run;
  return {
    plan: plan.name,
    type,
    scenario,
    components: namesInPlan(components),
    by,
    reason,
    startedAt,
    endedAt,
    status,
    verdict,
    rtoSeconds: rto.seconds,
    rpoSeconds: rpo.seconds,
    summary,
    ...(earlier.length > 0 && { earlier: earlier.map(({ runId }) => runId) }),
  };
}
