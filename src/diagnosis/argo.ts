import { type KubernetesObject, nameOf } from "../activities/kubernetes/object.ts";
import type { Clues, Finding, Snapshot } from "./cause.ts";
import { at, quote, secondsSince } from "./look.ts";
import { absentOf, applications, concerns, gitopsPlace, madeBy } from "./makers.ts";

/** Applications of Argo CD. */

export function argo(snapshot: Snapshot): Clues {
  const all = applications(snapshot).filter((application) => concerns(snapshot, application));
  return {
    findings: all.flatMap((application) => findingOf(snapshot, application)),
    needs: all.flatMap((application) => waits(snapshot, application)),
  };
}

interface Operation {
  phase?: string;
  message?: string;
  syncResult?: { resources?: { kind: string; name: string; status?: string; message?: string }[] };
}

/** A running operation waits for the objects of its wave, and what comes after waits with it. */
function waits(snapshot: Snapshot, application: KubernetesObject) {
  if (at<Operation>(application, "status.operationState")?.phase !== "Running") return [];
  const made = new Set(madeBy(snapshot, application));
  return snapshot.objects
    .filter((object) => made.has(nameOf(object)))
    .map((object) => ({ who: gitopsPlace(application), what: nameOf(object) }));
}

function findingOf(snapshot: Snapshot, application: KubernetesObject): Finding[] {
  const { name } = application.metadata;
  const place = { at: gitopsPlace(application), object: gitopsPlace(application), idle: true };
  const operation = at<Operation>(application, "status.operationState");
  const phase = operation?.phase ?? "";
  if (phase === "Running" && isInVain(snapshot, operation?.message))
    return [
      {
        ...place,
        type: "GITOPS_GAVE_UP",
        cause: `Argo CD's self-heal of Application ${name} began while the namespace was going, and tries in vain: ${quote(operation!.message!)}`,
        hint: `It makes only what was out of sync then, not the namespace. End it and ask for a full sync: argocd app terminate-op ${name} && argocd app sync ${name}`,
      },
    ];
  if (phase === "Running") return [];
  if (application["operation"] !== undefined)
    return notTakenUp(snapshot, application).map((one) => ({ ...place, ...one }));
  const conditions = at<{ type: string; message: string }[]>(application, "status.conditions") ?? [];
  const comparison = conditions.find(({ type }) => type === "ComparisonError" || type === "InvalidSpecError");
  if (comparison !== undefined)
    return [
      {
        ...place,
        type: "GITOPS_BUILD",
        cause: `Application ${name} cannot be compared with Git (${comparison.type}): ${quote(comparison.message)}`,
        hint: "Correct what the message names: repository, path, revision or manifests.",
      },
    ];
  if (phase === "Failed" || phase === "Error") return [{ ...place, ...failed(name, operation!, conditions) }];
  const unsynced = at(application, "status.sync.status") === "OutOfSync" && absentOf(snapshot).length > 0;
  if (!unsynced) return [];
  if (at(application, "spec.syncPolicy.automated") === undefined)
    return [
      {
        ...place,
        type: "GITOPS_SUSPENDED",
        cause: `Application ${name} is out of sync, and its automated sync is off`,
        hint: `Run: argocd app sync ${name}, or set spec.syncPolicy.automated with selfHeal.`,
      },
    ];
  if (at(application, "spec.syncPolicy.automated.selfHeal") === true) return [];
  return [
    {
      ...place,
      type: "GITOPS_SUSPENDED",
      cause: `Application ${name} is out of sync, and without selfHeal Argo CD does not bring back what was deleted`,
      hint: `Run: argocd app sync ${name}, or set spec.syncPolicy.automated.selfHeal.`,
    },
  ];
}

/** The namespace is gone, and the sync that runs does not make it. */
function isInVain({ cluster, namespace }: Snapshot, message = ""): boolean {
  const isThere = cluster.some(({ kind, metadata }) => kind === "Namespace" && metadata.name === namespace);
  return !isThere && message.includes(`namespaces "${namespace}" not found`);
}

function failed(
  name: string,
  { message = "", syncResult }: Operation,
  conditions: { type: string; message: string }[],
) {
  const tried = /\(retried (\d+) times?\)/.exec(message)?.[1];
  if (/namespaces? "[^"]+" not found|because it is being terminated/.test(message))
    return {
      type: "GITOPS_GAVE_UP",
      cause: `Argo CD's self-heal of Application ${name} began while the namespace was going, and gave up${tried === undefined ? "" : ` after ${tried} retries`}: ${quote(message)}`,
      hint: `It does not try this commit again. Ask for a full sync: argocd app sync ${name}`,
    } as const;
  const resource = syncResult?.resources?.find(({ status }) => status === "SyncFailed");
  const error = conditions.find(({ type }) => type === "SyncError")?.message;
  const said =
    resource === undefined ? message || (error ?? "") : `${resource.kind}/${resource.name}: ${resource.message}`;
  return {
    type: "GITOPS_APPLY",
    cause: `the last sync of Application ${name} failed${tried === undefined ? "" : ` after ${tried} retries`}: ${quote(said)}`,
    hint: `Correct what the message names, then run: argocd app sync ${name}`,
  } as const;
}

/** A sync that was asked for more than a minute ago; the field goes when the controller begins it. */
function notTakenUp(
  snapshot: Snapshot,
  { metadata: { name, namespace, managedFields = [] } }: KubernetesObject,
): Pick<Finding, "type" | "cause" | "hint">[] {
  const asked = managedFields.find(({ fieldsV1 }) => Object.hasOwn(fieldsV1 ?? {}, "f:operation"))?.time;
  const seconds = asked === undefined ? 0 : secondsSince(snapshot, asked);
  if (seconds < 60) return [];
  return [
    {
      type: "GITOPS_NO_ANSWER",
      cause: `Argo CD has not taken up the sync of Application ${name} for ${Math.round(seconds)} s`,
      hint: `Look whether argocd-application-controller runs in ${namespace}, and its log.`,
    },
  ];
}
