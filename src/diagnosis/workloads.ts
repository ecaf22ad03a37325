import { conditionOf, type KubernetesObject, nameOf } from "../activities/kubernetes/object.ts";
import type { Clues, Finding, Snapshot } from "./cause.ts";
import { ofKind, quote } from "./look.ts";

/** What a workload says of itself. Its pods mostly know better; then this is a symptom. */

export function workloadFindings(snapshot: Snapshot): Clues {
  return {
    findings: [
      ...ofKind(snapshot.objects, "Deployment").flatMap(rollout),
      ...ofKind(snapshot.objects, "Job").flatMap(job),
    ],
    needs: [],
  };
}

function rollout(deployment: KubernetesObject): Finding[] {
  const progressing = conditionOf(deployment, "Progressing");
  if (progressing?.status !== "False") return [];
  const { name } = deployment.metadata;
  return [
    {
      at: nameOf(deployment),
      object: nameOf(deployment),
      type: "ROLLOUT_STUCK",
      cause: `deployment ${name} makes no progress (${progressing.reason}): ${quote(progressing.message ?? "no reason is given")}`,
      hint: `Look at its pods: kubectl describe deployment ${name}.`,
    },
  ];
}

function job(object: KubernetesObject): Finding[] {
  const failed = conditionOf(object, "Failed");
  if (failed?.status !== "True") return [];
  const { name } = object.metadata;
  const deadline = failed.reason === "DeadlineExceeded";
  return [
    {
      at: nameOf(object),
      object: nameOf(object),
      type: "JOB_FAILED",
      cause: `job ${name} failed (${failed.reason}): ${quote(failed.message ?? "no reason is given")}`,
      hint: deadline
        ? "Find out why it takes longer than its activeDeadlineSeconds, then delete the job so that it is made again."
        : "Find out why its pods failed, then delete the job so that it is made again.",
    },
  ];
}
