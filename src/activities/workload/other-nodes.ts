import { conditionOf, type KubernetesObject } from "../kubernetes/object.ts";
import { fits, type Selector } from "./selectors.ts";

/** Which nodes could take pods, as far as nodes and volumes themselves say. Affinity between pods is not looked at. Pure. */

interface Taint {
  key: string;
  value?: string;
  effect: string;
}

interface Toleration {
  key?: string;
  operator?: string;
  value?: string;
  effect?: string;
}

interface Term {
  matchExpressions?: Selector["matchExpressions"];
}

/** Why a node could not take a pod; undefined where it could. @param volumes that the pod needs */
export function whyNot(node: KubernetesObject, pod: KubernetesObject, volumes: KubernetesObject[]): string | undefined {
  const { unschedulable, taints = [] } = (node.spec ?? {}) as { unschedulable?: boolean; taints?: Taint[] };
  const { tolerations = [], nodeSelector = {} } = (pod.spec ?? {}) as {
    tolerations?: Toleration[];
    nodeSelector?: Record<string, string>;
  };
  const labels = node.metadata.labels ?? {};
  if (unschedulable === true) return "is cordoned";
  if (conditionOf(node, "Ready")?.status !== "True") return "is not ready";
  const taint = taints.find((one) => one.effect !== "PreferNoSchedule" && !isTolerated(one, tolerations));
  if (taint !== undefined) return `has the taint ${taint.key}`;
  const label = Object.entries(nodeSelector).find(([key, value]) => labels[key] !== value);
  if (label !== undefined) return `lacks the label ${label.join("=")}`;
  const bound = volumes.find((volume) => !reaches(volume, labels));
  return bound && `cannot have the volume ${bound.metadata.name}`;
}

function isTolerated({ key, value, effect }: Taint, tolerations: Toleration[]): boolean {
  return tolerations.some(
    (one) =>
      (one.effect === undefined || one.effect === effect) &&
      (one.key === undefined || one.key === key) &&
      (one.operator === "Exists" || (one.value ?? "") === (value ?? "")),
  );
}

/** A volume of a node's own disk says so by its node affinity. */
function reaches({ spec }: KubernetesObject, labels: Record<string, string>): boolean {
  const { required } = (spec?.["nodeAffinity"] ?? {}) as { required?: { nodeSelectorTerms?: Term[] } };
  const terms = required?.nodeSelectorTerms;
  return (
    terms === undefined || terms.some(({ matchExpressions = [] }) => matchExpressions.every((one) => fits(one, labels)))
  );
}
