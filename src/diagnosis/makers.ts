import { inventoryOf, isWithin } from "../activities/flux/inventory.ts";
import { type KubernetesObject, nameOf } from "../activities/kubernetes/object.ts";
import { apiVersionOf } from "../activities/kubernetes/paths.ts";
import type { Expected, Snapshot } from "./cause.ts";
import { lookUp, placeOf } from "./expected.ts";
import { at, ofKind } from "./look.ts";

/** Which objects of GitOps make which objects of the namespace. */

export const kustomizations = ({ gitops }: Snapshot) => ofKind(gitops, "Kustomization.kustomize.toolkit.fluxcd.io");
export const releases = ({ gitops }: Snapshot) => ofKind(gitops, "HelmRelease.helm.toolkit.fluxcd.io");
export const applications = ({ gitops }: Snapshot) => ofKind(gitops, "Application.argoproj.io");

/** They live in many namespaces: "Kustomization/flux-system/apps". */
export function gitopsPlace({ kind, metadata }: Pick<KubernetesObject, "kind" | "metadata">): string {
  return `${kind}/${metadata.namespace}/${metadata.name}`;
}

/** Objects of the namespace, and the Namespace itself, that it has made as far as its status says; as places. */
export function madeBy({ namespace }: Snapshot, maker: KubernetesObject): string[] {
  const resources = at<{ group?: string; version: string; kind: string; namespace?: string; name: string }[]>(
    maker,
    "status.resources",
  );
  const listed = (resources ?? []).map(({ group = "", version, ...one }) => ({
    ...one,
    apiVersion: apiVersionOf({ group, version }),
  }));
  return [...(inventoryOf(maker) ?? []), ...listed]
    .filter((one) => isWithin(one, namespace))
    .map(({ apiVersion, kind, name }) => nameOf({ apiVersion, kind, metadata: { name } }));
}

/** It has something to do with the namespace. */
export function concerns(snapshot: Snapshot, maker: KubernetesObject): boolean {
  const { namespace } = snapshot;
  const target = at<string>(maker, "spec.targetNamespace") ?? at<string>(maker, "spec.destination.namespace");
  return target === namespace || maker.metadata.namespace === namespace || madeBy(snapshot, maker).length > 0;
}

export function absentOf(snapshot: Snapshot): Expected[] {
  return snapshot.expected.filter((expected) => lookUp(snapshot, expected) === undefined);
}

/**
 * Who is to make each absent object: the one that lists it. Where none does, those that have to do with the namespace;
 * else those that have never made anything, because nobody knows yet what that will be.
 */
export function makersOf(snapshot: Snapshot, absent: Expected): KubernetesObject[] {
  const all = [...kustomizations(snapshot), ...releases(snapshot), ...applications(snapshot)];
  const sure = all.filter((maker) => madeBy(snapshot, maker).includes(placeOf(absent)));
  if (sure.length > 0) return sure;
  const fresh = all.filter(hasMadeNothing);
  const near = fresh.filter((maker) => concerns(snapshot, maker));
  return near.length > 0 ? near : fresh.filter((maker) => at(maker, "spec.targetNamespace") === undefined);
}

/** As far as its status says; a release may say nothing of what it has made. */
function hasMadeNothing(maker: KubernetesObject): boolean {
  if (maker.kind === "Kustomization") return at(maker, "status.lastAppliedRevision") === undefined;
  const list = at<unknown[]>(maker, maker.kind === "HelmRelease" ? "status.inventory.entries" : "status.resources");
  return (list ?? []).length === 0;
}
