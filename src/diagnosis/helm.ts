import { conditionOf, type KubernetesObject, nameOf } from "../activities/kubernetes/object.ts";
import type { Clues, Finding, Snapshot } from "./cause.ts";
import { at, quote, secondsSince } from "./look.ts";
import { absentOf, concerns, gitopsPlace, makersOf, releases } from "./makers.ts";
import { isReady } from "./ready.ts";
import { sourceNeeds } from "./sources.ts";

/** HelmReleases of Flux. */

export function helm(snapshot: Snapshot): Clues {
  const all = releases(snapshot).filter((release) => concerns(snapshot, release));
  return {
    findings: all.flatMap((release) => findingOf(snapshot, release)),
    needs: all.flatMap((release) => [
      ...sourceNeeds(release),
      ...dependencies(release),
      ...waitsFor(snapshot, release),
    ]),
  };
}

function dependencies(release: KubernetesObject) {
  const { namespace } = release.metadata;
  if (conditionOf(release, "Ready")?.reason !== "DependencyNotReady") return [];
  return (at<{ name: string; namespace?: string }[]>(release, "spec.dependsOn") ?? []).map((one) => ({
    who: gitopsPlace(release),
    what: gitopsPlace({ kind: "HelmRelease", metadata: { namespace: one.namespace ?? namespace, name: one.name } }),
  }));
}

const timedOut = /deadline exceeded|timed out waiting|not ready/i;

/** A release that ran out of time is as well as the objects that it waited for. */
function waitsFor(snapshot: Snapshot, release: KubernetesObject) {
  if (!timedOut.test(conditionOf(release, "Ready")?.message ?? "")) return [];
  return snapshot.objects
    .filter(({ metadata }) => metadata.labels?.["helm.toolkit.fluxcd.io/name"] === release.metadata.name)
    .filter((object) => !isReady(snapshot, object))
    .map((object) => ({ who: gitopsPlace(release), what: nameOf(object) }));
}

function findingOf(snapshot: Snapshot, release: KubernetesObject): Finding[] {
  const { name, namespace } = release.metadata;
  const place = { at: gitopsPlace(release), object: gitopsPlace(release), idle: true };
  if (at(release, "spec.suspend") === true)
    return [
      {
        ...place,
        type: "GITOPS_SUSPENDED",
        cause: `HelmRelease ${name} is suspended, so Flux does not bring back what it makes`,
        hint: `Run: flux resume helmrelease ${name} -n ${namespace}`,
      },
    ];
  const ready = conditionOf(release, "Ready");
  if (ready?.status === "True") return noDriftDetection(snapshot, release);
  if (ready?.status !== "False" || ready.reason === "DependencyNotReady") return [];
  const stalled = conditionOf(release, "Stalled");
  if (stalled?.status !== "True" && secondsSince(snapshot, ready.lastTransitionTime) < 30) return [];
  const tired = stalled?.status === "True" ? ` and Flux tries no more (${stalled.reason})` : "";
  return [
    {
      ...place,
      type: "HELM_FAILED",
      cause: `HelmRelease ${name} failed (${ready.reason})${tired}: ${quote(ready.message ?? "no reason is given")}`,
      hint: `Correct what the message names, then run: flux reconcile helmrelease ${name} -n ${namespace} --reset --force`,
    },
  ];
}

/** It stays Ready when its objects are deleted, and never makes them again. */
function noDriftDetection(snapshot: Snapshot, release: KubernetesObject): Finding[] {
  if (at(release, "spec.driftDetection.mode") === "enabled") return [];
  const absent = absentOf(snapshot).filter((expected) => makersOf(snapshot, expected).includes(release));
  if (absent.length === 0) return [];
  const { name, namespace } = release.metadata;
  return [
    {
      at: gitopsPlace(release),
      object: gitopsPlace(release),
      idle: true,
      type: "HELM_NO_DRIFT_DETECTION",
      cause: `HelmRelease ${name} says Ready but has no drift detection, so Flux does not make deleted objects again`,
      hint: `Set spec.driftDetection.mode to enabled; now run: flux reconcile helmrelease ${name} -n ${namespace} --force`,
    },
  ];
}
