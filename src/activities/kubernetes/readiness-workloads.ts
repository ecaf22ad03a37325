import { conditionOf, type KubernetesObject } from "./object.ts";
import { count, failed, latest, progressing, ready, type Rule, say, type Verdict } from "./verdict.ts";

/** What runs pods, by the rules of kstatus. Where those call a Job ready that only runs, or a Pod that failed, we do not. */
export const workloads: Record<string, Rule> = {
  "apps/Deployment": seen(deployment),
  "apps/StatefulSet": seen(statefulSet),
  "apps/DaemonSet": seen(daemonSet),
  "apps/ReplicaSet": seen(replicaSet),
  "/Pod": pod,
  "batch/Job": job,
};

/** Before its controller has looked at it, a workload has nothing that is wrong with it. */
function seen(rule: Rule): Rule {
  return (object, now) =>
    object.status?.["observedGeneration"] === undefined ? progressing("not seen by its controller") : rule(object, now);
}

/** The first number that is short of what it should be. */
function short(have: [number: number, of: number, what: string][]): Verdict | undefined {
  const first = have.find(([number, of]) => number < of);
  return first && progressing(`${first[0]} of ${first[1]} ${first[2]}`);
}

const surplus = (replicas: number, wanted: number) =>
  replicas > wanted ? progressing(`${replicas - wanted} more pods than wanted`) : undefined;

function deployment(object: KubernetesObject): Verdict {
  const { spec, status } = object;
  const rollout = conditionOf(object, "Progressing");
  if (rollout?.reason === "ProgressDeadlineExceeded") return failed(say(rollout));
  const wanted = count(spec, "replicas", 1);
  const [replicas, updated] = [count(status, "replicas"), count(status, "updatedReplicas")];
  const missing =
    short([
      [replicas, wanted, "pods made"],
      [updated, wanted, "pods updated"],
    ]) ??
    surplus(replicas, wanted) ??
    short([
      [count(status, "availableReplicas"), updated, "pods available"],
      [count(status, "readyReplicas"), wanted, "pods ready"],
    ]);
  if (missing !== undefined) return missing;
  const hasDeadline = count(spec, "progressDeadlineSeconds", noDeadline) !== noDeadline;
  const rolledOut = rollout?.status === "True" && rollout.reason === "NewReplicaSetAvailable";
  if (hasDeadline && !rolledOut) return progressing(rollout ? say(rollout) : "the rollout is not over");
  const available = conditionOf(object, "Available");
  if (available?.status !== "True") return progressing(available ? say(available) : "not available");
  const { lastUpdateTime } = (rollout ?? {}) as { lastUpdateTime?: string };
  return ready(`${wanted} pods ready`, latest(available.lastTransitionTime, lastUpdateTime));
}

const noDeadline = 2 ** 31 - 1;

function statefulSet({ spec, status }: KubernetesObject): Verdict {
  const strategy = spec?.["updateStrategy"] as { type?: string; rollingUpdate?: { partition?: number } } | undefined;
  const wanted = count(spec, "replicas", 1);
  const replicas = count(status, "replicas");
  const missing =
    short([
      [replicas, wanted, "pods made"],
      [count(status, "readyReplicas"), wanted, "pods ready"],
    ]) ?? surplus(replicas, wanted);
  if (missing !== undefined) return missing;
  // kstatus does not even look at the pods of such a one.
  if (strategy?.type === "OnDelete") return ready(`${wanted} pods ready, updated when they are deleted`, null);
  const partition = strategy?.rollingUpdate?.partition;
  if (partition !== undefined)
    return (
      short([[count(status, "updatedReplicas"), wanted - partition, "pods updated"]]) ??
      ready(`${wanted} pods ready`, null)
    );
  const current = short([[count(status, "currentReplicas"), wanted, "pods of this revision"]]);
  if (current !== undefined) return current;
  if (status?.["currentRevision"] !== status?.["updateRevision"])
    return progressing("pods wait for their new revision");
  return ready(`${wanted} pods ready`, null);
}

function daemonSet({ metadata, status }: KubernetesObject): Verdict {
  if (metadata.generation === undefined) return progressing("it has no generation");
  if (status?.["desiredNumberScheduled"] === undefined) return progressing("the nodes are not counted");
  const wanted = count(status, "desiredNumberScheduled");
  const missing = short([
    [count(status, "currentNumberScheduled"), wanted, "pods made"],
    [count(status, "updatedNumberScheduled"), wanted, "pods updated"],
    [count(status, "numberAvailable"), wanted, "pods available"],
    [count(status, "numberReady"), wanted, "pods ready"],
  ]);
  return missing ?? ready(`${wanted} pods ready`, null);
}

function replicaSet(object: KubernetesObject): Verdict {
  const { spec, status } = object;
  const trouble = conditionOf(object, "ReplicaFailure");
  if (trouble?.status === "True") return progressing(say(trouble));
  const wanted = count(spec, "replicas", 1);
  const missing =
    short([
      [count(status, "fullyLabeledReplicas"), wanted, "pods labelled"],
      [count(status, "availableReplicas"), wanted, "pods available"],
      [count(status, "readyReplicas"), wanted, "pods ready"],
    ]) ?? surplus(count(status, "replicas"), wanted);
  return missing ?? ready(`${wanted} pods ready`, null);
}

/** The scheduler gets so long before a Pod that fits nowhere is a failure. */
const schedulingMs = 15_000;

function pod(object: KubernetesObject, now: number): Verdict {
  const { phase, message } = (object.status ?? {}) as { phase?: string; message?: string };
  if (phase === "Succeeded") return ready("it has succeeded", null);
  if (phase === "Failed") return failed(message ?? "it has failed");
  if (phase === "Running") {
    const isReady = conditionOf(object, "Ready");
    if (isReady?.status === "True") return ready("it is ready", isReady.lastTransitionTime);
    const crashing = containersOf(object).find(({ state }) => state?.waiting?.reason === "CrashLoopBackOff");
    if (crashing !== undefined) return failed(`container ${crashing.name} crashes again and again`);
    return progressing(isReady ? say(isReady) : "not ready");
  }
  const scheduled = conditionOf(object, "PodScheduled");
  const unschedulable = scheduled?.status === "False" && scheduled.reason === "Unschedulable";
  const age = now - Date.parse(object.metadata.creationTimestamp ?? "");
  if (unschedulable && age > schedulingMs) return failed(say(scheduled));
  return progressing(scheduled?.status === "False" ? say(scheduled) : "its containers are not running");
}

interface Container {
  name: string;
  state?: { waiting?: { reason?: string } };
}

function containersOf({ status }: KubernetesObject): Container[] {
  return (status?.["containerStatuses"] as Container[] | undefined) ?? [];
}

function job(object: KubernetesObject): Verdict {
  const [complete, failure, suspended] = ["Complete", "Failed", "Suspended"].map((type) => conditionOf(object, type));
  const { completionTime, startTime } = (object.status ?? {}) as { completionTime?: string; startTime?: string };
  if (complete?.status === "True") return ready("it is complete", completionTime ?? complete.lastTransitionTime);
  if (failure?.status === "True") return failed(say(failure));
  if (suspended?.status === "True") return ready("it is suspended", suspended.lastTransitionTime);
  return progressing(startTime === undefined ? "not started" : "it is running");
}
