import { conditionOf, type KubernetesObject, nameOf } from "../activities/kubernetes/object.ts";
import { refusalOf } from "./admission-messages.ts";
import type { Clues, Snapshot } from "./cause.ts";
import { at, eventsOf, find, ofKind, patience } from "./look.ts";
import { workloadOf } from "./pods.ts";

/** Pods and claims that the API server does not let a controller create. */

const controllers = ["ReplicaSet", "StatefulSet", "DaemonSet", "Job"];

export function admission(snapshot: Snapshot): Clues {
  const clues: Clues = { findings: [], needs: [] };
  for (const owner of controllers.flatMap((kind) => ofKind(snapshot.objects, kind)).filter(lacksPods)) {
    const failed = eventsOf(snapshot, owner, "FailedCreate");
    const message = failed.at(-1)?.message ?? conditionOf(owner, "ReplicaFailure")?.message;
    if (message === undefined) continue;
    const { service, ...refusal } = refusalOf(message, workloadOf(snapshot, owner));
    const young = patience(snapshot, failed[0]?.first);
    // What may be made a moment later: the account comes with the same manifests, the webhook's pods with others.
    const mayCome = ["SERVICE_ACCOUNT_MISSING", "WEBHOOK_UNREACHABLE", "CREATION_REFUSED"].includes(refusal.type);
    if ((mayCome && young) || isThere(snapshot, refusal.at)) continue;
    if (refusal.type === "LIMIT_RANGE") refusal.object = limitRangeOf(snapshot) ?? refusal.object;
    clues.findings.push(refusal);
    clues.needs.push({ who: nameOf(owner), what: refusal.at });
    if (service?.namespace === snapshot.namespace)
      clues.needs.push({ who: refusal.at, what: `Service/${service.name}` });
  }
  return clues;
}

function lacksPods(owner: KubernetesObject): boolean {
  const status = (field: string) => at<number>(owner, `status.${field}`) ?? 0;
  if (owner.kind === "Job") {
    const done = ["Complete", "Failed"].some((type) => conditionOf(owner, type)?.status === "True");
    return !done && status("active") === 0;
  }
  if (owner.kind === "DaemonSet") return status("currentNumberScheduled") < status("desiredNumberScheduled");
  return status("replicas") < (at<number>(owner, "spec.replicas") ?? 1);
}

/** An account that came meanwhile: the controller only has to try again. */
function isThere({ objects }: Snapshot, place: string): boolean {
  const [kind, name] = place.split("/") as [string, string];
  return kind === "ServiceAccount" && find(objects, kind, name) !== undefined;
}

function limitRangeOf({ objects }: Snapshot): string | undefined {
  const [range] = ofKind(objects, "LimitRange");
  return range && nameOf(range);
}
