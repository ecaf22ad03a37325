import { meansMany, type OneOf } from "../plan/many-volumes.ts";
import type { Component, Plan } from "../plan/schema.ts";
import type { ComponentRecord, RunRecord } from "./record.ts";
import { comesBackByItself } from "./rpo.ts";
import { noRto } from "./rto.ts";

/** Records before anything has happened. */

/** Name of a run's directories, unique for ever: the workflow ID as a file name, and the end of the run ID. */
export function runName({ workflowId, runId }: Pick<RunRecord["run"], "workflowId" | "runId">): string {
  return `${workflowId.replaceAll(/[^\w.-]/g, "_").slice(0, 100)}-${shortId(runId)}`;
}

/** The end of a run ID is random; its beginning is the time, and the same for runs of one minute. */
export function shortId(runId: string): string {
  return runId.replaceAll("-", "").slice(-8);
}

export function newRecord(run: RunRecord["run"], planName: string, startedAt: string): RunRecord {
  return {
    version: 1,
    run,
    plan: { name: planName, sha256: "", environment: "" },
    codeVersion: "",
    directory: "",
    startedAt,
    resumedAt: null,
    earlier: [],
    endedAt: null,
    status: "running",
    verdict: null,
    score: { proven: 0, total: 0 },
    summary: "",
    rto: noRto(null),
    rpo: { objectiveSeconds: null, seconds: null },
    components: [],
    steps: [],
    before: [],
    failure: null,
    refusals: [],
    pauses: [],
    approvals: null,
    ignoredDecisions: [],
    notices: [],
    diagnosis: [],
    leftovers: [],
  };
}

/**
 * @param holder the namespace of which it is data in this run
 * @param of which it is of the volumes that a component of the plan means
 */
export function newComponent(
  component: Component,
  plan: Pick<Plan, "objectives">,
  directory: string,
  { holder, of }: { holder?: string | undefined; of?: OneOf } = {},
): ComponentRecord {
  const { rto, rpo } = { ...plan.objectives, ...component.objectives };
  return {
    name: component.name,
    kind: component.kind,
    ...(holder !== undefined && { holder }),
    ...(meansMany(component) && { many: true as const }),
    ...(of !== undefined && { of }),
    directory,
    target: component.name,
    verdict: null,
    rto: noRto(rto === undefined ? null : rto / 1_000),
    rpo: {
      objectiveSeconds: rpo === undefined || comesBackByItself(component.kind) ? null : rpo / 1_000,
      seconds: null,
    },
    backup: null,
    lostAt: null,
    newestRecoveredAt: null,
    provenAt: null,
    waits: [],
    checks: [],
  };
}
