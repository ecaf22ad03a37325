import { conditionOf, type KubernetesObject, nameOf } from "../activities/kubernetes/object.ts";
import type { Clues, Finding, Snapshot } from "./cause.ts";
import { at, patience, quote, secondsSince } from "./look.ts";
import { concerns, gitopsPlace, kustomizations, madeBy } from "./makers.ts";
import { isReady } from "./ready.ts";
import { sourceNeeds } from "./sources.ts";

/** Kustomizations of Flux. Each is followed to its source, to what it depends on, and to the objects it waits for. */

export function flux(snapshot: Snapshot): Clues {
  const all = kustomizations(snapshot);
  return {
    findings: all.flatMap((kustomization) => findingsOf(snapshot, kustomization)),
    needs: all.flatMap((kustomization) => [
      ...sourceNeeds(kustomization),
      ...dependencies(kustomization).map((what) => ({ who: gitopsPlace(kustomization), what })),
      ...healthNeeds(snapshot, kustomization),
    ]),
  };
}

const readyOf = (object: KubernetesObject) => {
  const ready = conditionOf(object, "Ready");
  return ready?.status === "True" ? undefined : ready;
};

function dependencies(kustomization: KubernetesObject): string[] {
  if (readyOf(kustomization)?.reason !== "DependencyNotReady") return [];
  const { namespace } = kustomization.metadata;
  return (at<{ name: string; namespace?: string }[]>(kustomization, "spec.dependsOn") ?? []).map((dependency) =>
    gitopsPlace({
      kind: "Kustomization",
      metadata: { namespace: dependency.namespace ?? namespace, name: dependency.name },
    }),
  );
}

/** While it waits for its objects to become healthy, what keeps those from it keeps what comes after. */
function healthNeeds(snapshot: Snapshot, kustomization: KubernetesObject) {
  const reason = readyOf(kustomization)?.reason ?? "";
  if (!["HealthCheckFailed", "Progressing", "HealthCheckCanceled"].includes(reason)) return [];
  const made = new Set(madeBy(snapshot, kustomization));
  return snapshot.objects
    .filter((object) => made.has(nameOf(object)) && !isReady(snapshot, object))
    .map((object) => ({ who: gitopsPlace(kustomization), what: nameOf(object) }));
}

function findingsOf(snapshot: Snapshot, kustomization: KubernetesObject): Finding[] {
  const { name, namespace } = kustomization.metadata;
  const place = { at: gitopsPlace(kustomization), object: gitopsPlace(kustomization), idle: true };
  if (at(kustomization, "spec.suspend") === true)
    return [
      {
        ...place,
        type: "GITOPS_SUSPENDED",
        cause: `Kustomization ${name} is suspended, so Flux does not bring back what it makes`,
        hint: `Run: flux resume kustomization ${name} -n ${namespace}`,
      },
    ];
  const unanswered = noAnswer(snapshot, kustomization);
  if (unanswered !== undefined) return [{ ...place, ...unanswered }];
  const ready = readyOf(kustomization);
  if (ready === undefined || ready.status === "Unknown") return [];
  const said = quote((ready.message ?? "").replace(/\/tmp\/kustomization-\d+\//g, ""));
  switch (ready.reason ?? "") {
    case "BuildFailed":
      return [
        {
          ...place,
          type: "GITOPS_BUILD",
          cause: `Kustomization ${name} cannot be built: ${said}`,
          hint: "Correct the manifests in Git; `kustomize build` on its path shows the same error.",
        },
      ];
    case "ArtifactFailed":
      if (/path not found/.test(said))
        return [
          {
            ...place,
            type: "GITOPS_BUILD",
            cause: `Kustomization ${name} cannot be built: ${said}`,
            hint: "Correct spec.path of the Kustomization, or bring the folder back in Git.",
          },
        ];
      if (patience(snapshot, ready.lastTransitionTime)) return [];
      return [
        {
          ...place,
          type: "GITOPS_SOURCE",
          cause: `Kustomization ${name} gets no manifests: ${said}`,
          hint: "Look at its source and at source-controller.",
        },
      ];
    case "DependencyNotReady":
      return missingDependencies(snapshot, kustomization);
    case "HealthCheckFailed":
    case "HealthCheckCanceled":
      return [
        {
          ...place,
          type: "GITOPS_HEALTH",
          cause: `Kustomization ${name} waits for objects that do not become healthy: ${said}`,
          hint: "Look at the objects that it names.",
        },
      ];
    default:
      if (secondsSince(snapshot, ready.lastTransitionTime) < 30 && !/immutable/.test(said)) return [];
      return [
        {
          ...place,
          type: "GITOPS_APPLY",
          cause: `Kustomization ${name} cannot be applied (${ready.reason}): ${said}`,
          hint: /immutable/.test(said)
            ? "Delete the object that it names, or set the annotation kustomize.toolkit.fluxcd.io/force: enabled on it."
            : "Correct what the message names, in Git or in the cluster.",
        },
      ];
  }
}

/** A request that its controller has not seen for a minute. It begins with when it was made; ours say of which step they are as well. */
function noAnswer(snapshot: Snapshot, object: KubernetesObject): Pick<Finding, "type" | "cause" | "hint"> | undefined {
  const asked = object.metadata.annotations?.["reconcile.fluxcd.io/requestedAt"] ?? "";
  const [since] = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)/.exec(asked) ?? [];
  if (since === undefined || at(object, "status.lastHandledReconcileAt") === asked) return undefined;
  const busy = conditionOf(object, "Reconciling")?.status === "True";
  const seconds = secondsSince(snapshot, since);
  if (busy || seconds < 60 || !concerns(snapshot, object)) return undefined;
  return {
    type: "GITOPS_NO_ANSWER",
    cause: `Flux has not answered the request to reconcile ${object.kind} ${object.metadata.name} for ${Math.round(seconds)} s`,
    hint: "Look whether kustomize-controller and helm-controller run in flux-system.",
  };
}

function missingDependencies(snapshot: Snapshot, kustomization: KubernetesObject): Finding[] {
  const known = new Set(kustomizations(snapshot).map(gitopsPlace));
  return dependencies(kustomization)
    .filter((place) => !known.has(place))
    .map((place) => ({
      at: place,
      object: gitopsPlace(kustomization),
      idle: true,
      type: "GITOPS_DEPENDENCY",
      cause: `Kustomization ${kustomization.metadata.name} depends on ${place}, which does not exist`,
      hint: "Bring back that Kustomization, or remove it from dependsOn.",
    }));
}
