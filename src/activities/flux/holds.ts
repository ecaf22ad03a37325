import { conditionOf, type KubernetesObject } from "../kubernetes/object.ts";
import { inventoryOf, isWithin } from "./inventory.ts";

/** What Flux holds of a namespace, by its own inventories. Pure. */

/** Who makes an object, and what would keep it from doing so. */
export interface Holder {
  object: KubernetesObject;
  /** "Kustomization flux-system/apps" */
  name: string;
  /** "Deployment/shop"; "Namespace/shop" for the namespace itself. */
  holds: string[];
}

export function describe({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata.namespace}/${metadata.name}`;
}

export function fluxHolders(namespace: string, objects: KubernetesObject[], gitops: KubernetesObject[]): Holder[] {
  const kustomizations = gitops
    .filter(({ kind }) => kind === "Kustomization")
    .map((object) => ({ object, name: describe(object), holds: listedOf(object, namespace) }));
  const releases = gitops
    .filter(({ kind }) => kind === "HelmRelease")
    .map((object) => ({ object, name: describe(object), holds: releasedBy(object, objects) }));
  return [...kustomizations, ...releases].filter(({ holds }) => holds.length > 0);
}

function listedOf(object: KubernetesObject, namespace: string): string[] {
  return (inventoryOf(object) ?? [])
    .filter((held) => isWithin(held, namespace))
    .map(({ kind, name }) => `${kind}/${name}`);
}

function releasedBy({ metadata }: KubernetesObject, objects: KubernetesObject[]): string[] {
  return objects
    .filter(
      ({ metadata: { labels } }) =>
        labels?.["helm.toolkit.fluxcd.io/name"] === metadata.name &&
        labels["helm.toolkit.fluxcd.io/namespace"] === metadata.namespace,
    )
    .map((object) => `${object.kind}/${object.metadata.name}`);
}

export interface Problem {
  problem: string;
  hint: string;
  /** It is about what would be lost beyond the namespace, and not about what of it would not come back. */
  beyond?: true;
}

/** Why what a holder holds would not come back. @param namespace the one that would be deleted */
export function problemsOf({ object, name, holds }: Holder, namespace: string, gitops: KubernetesObject[]): Problem[] {
  // It goes with the namespace, and comes back with whoever holds it.
  if (object.metadata.namespace === namespace) return [];
  const ready = conditionOf(object, "Ready");
  const what = `${holds.length} object${holds.length === 1 ? "" : "s"}`;
  if (object.spec?.["suspend"] === true)
    return [
      {
        problem: `${name}, which makes ${what} of it, is suspended`,
        hint: `Resume it: flux resume ${object.kind.toLowerCase()} ${object.metadata.name} -n ${object.metadata.namespace}`,
      },
    ];
  if (
    object.kind === "HelmRelease" &&
    (object.spec?.["driftDetection"] as { mode?: string } | undefined)?.mode !== "enabled"
  )
    return [
      {
        problem: `${name} does not make deleted objects again, as its drift detection is not enabled`,
        hint: "Set `driftDetection: { mode: enabled }` in the HelmRelease.",
      },
    ];
  if (ready?.status !== "True")
    return [
      {
        problem: `${name} is not ready: ${ready?.message ?? "it says nothing"}`,
        hint: "Let it become ready before a drill.",
      },
    ];
  return sourceProblems(object, name, gitops);
}

function sourceProblems(object: KubernetesObject, name: string, gitops: KubernetesObject[]): Problem[] {
  const source = sourceOf(object, gitops);
  if (source === undefined) return [];
  if (source.spec?.["suspend"] === true)
    return [
      {
        problem: `${describe(source)}, from which ${name} works, is suspended`,
        hint: "Resume it: `flux resume source`.",
      },
    ];
  const ready = conditionOf(source, "Ready");
  if (ready?.status === "True") return [];
  return [
    {
      problem: `${describe(source)}, from which ${name} works, is not ready: ${ready?.message ?? "it says nothing"}`,
      hint: "Mend the source: its address, its credentials, or its server.",
    },
  ];
}

interface Ref {
  kind: string;
  name: string;
  namespace?: string;
}

/** Where a Kustomization gets its manifests from, and a HelmRelease its chart. */
export function sourceOf(object: KubernetesObject, gitops: KubernetesObject[]): KubernetesObject | undefined {
  const { sourceRef, chartRef, chart } = (object.spec ?? {}) as {
    sourceRef?: Ref;
    chartRef?: Ref;
    chart?: { spec?: { sourceRef?: Ref } };
  };
  const ref = sourceRef ?? chartRef ?? chart?.spec?.sourceRef;
  const find = (kind: string | undefined, name: string | undefined, namespace: string | undefined) =>
    gitops.find((one) => one.kind === kind && one.metadata.name === name && one.metadata.namespace === namespace);
  const source = find(ref?.kind, ref?.name, ref?.namespace ?? object.metadata.namespace);
  // Of a HelmRepository in a registry Flux says nothing: the chart itself is fetched, and says how that went.
  if (source?.kind !== "HelmRepository" || source.spec?.["type"] !== "oci") return source;
  const { helmChart = "" } = (object.status ?? {}) as { helmChart?: string };
  const [namespace, name] = helmChart.split("/");
  return find("HelmChart", name, namespace);
}

/** In the middle of something: it says neither that it is ready nor that it is not. */
export function isReconciling(object: KubernetesObject): boolean {
  return conditionOf(object, "Ready")?.status === "Unknown";
}

/** The revision of Git that was applied last. */
export function appliedRevision({ status }: KubernetesObject): string {
  const { lastAppliedRevision, history } = (status ?? {}) as Applied;
  return lastAppliedRevision ?? `chart ${history?.[0]?.chartVersion ?? "of an unknown version"}`;
}

/** Of a Kustomization, and of a HelmRelease. */
interface Applied {
  lastAppliedRevision?: string;
  history?: { chartVersion?: string }[];
}
