import type { WorkloadFacts } from "../../guard/facts.ts";
import type { WorkloadComponent } from "../../plan/workload-schema.ts";
import { conductsRuns } from "../kubernetes/denied.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { isNamed } from "../kubernetes/patterns.ts";
import { isOver } from "./find.ts";
import { whyNot } from "./other-nodes.ts";
import { selects, type Selector } from "./selectors.ts";

/** What a drain would take away, and what is against it. Pure. */

/** The node on which most of these pods run; the first by its name of several. */
export function nodeOf(pods: KubernetesObject[]): string | null {
  const counts = Map.groupBy(
    pods.flatMap(({ spec }) => (spec?.["nodeName"] ?? []) as string | []),
    (name) => name,
  );
  const most = [...counts].toSorted(([a, ofA], [b, ofB]) => ofB.length - ofA.length || a.localeCompare(b));
  return most[0]?.[0] ?? null;
}

/** Mirror pods belong to the node itself, and a DaemonSet's pods to every node. */
export function isEvictable(pod: KubernetesObject): boolean {
  const { annotations = {}, ownerReferences = [], deletionTimestamp } = pod.metadata;
  const ofEveryNode = ownerReferences.some(({ kind, controller }) => kind === "DaemonSet" && controller);
  const mirrors = annotations["kubernetes.io/config.mirror"] !== undefined;
  return !ofEveryNode && !mirrors && !isOver(pod) && deletionTimestamp === undefined;
}

export interface Drain {
  node: string;
  /** The workload's own pods on the node. */
  own: KubernetesObject[];
  /** Other pods on the node that a drain evicts. */
  others: KubernetesObject[];
  nodes: KubernetesObject[];
  /** The disruption budgets of all namespaces. */
  budgets: KubernetesObject[];
  /** PersistentVolumes that the workload's pods need. */
  volumes: KubernetesObject[];
  accepts: WorkloadComponent["accepts"];
}

export function drainProblems(drain: Drain): WorkloadFacts["drain"] {
  return [...noOtherNode(drain), ...notAccepted(drain), ...conductors(drain), ...orphans(drain), ...held(drain)];
}

const nameOf = ({ metadata }: KubernetesObject) => `${metadata.namespace}/${metadata.name}`;

/** Names that a person would read; the rest is counted. */
function list(all: KubernetesObject[]): string {
  const more = all.length > 10 ? ` and ${all.length - 10} more` : "";
  return all.map(nameOf).toSorted().slice(0, 10).join(", ") + more;
}

function noOtherNode({ node, own, nodes, volumes }: Drain): WorkloadFacts["drain"] {
  const [pod] = own;
  const others = nodes.filter(({ metadata }) => metadata.name !== node);
  if (pod === undefined || others.some((one) => whyNot(one, pod, volumes) === undefined)) return [];
  const reasons = others.slice(0, 5).map((one) => `${one.metadata.name} ${whyNot(one, pod, volumes)}`);
  const why = reasons.length === 0 ? "it is the only one" : reasons.join(", ");
  return [
    {
      problem: `no other node than ${node} could take its pods (${why})`,
      hint: "Let another node be ready for them, or drill the pods alone: `lose: pods`.",
    },
  ];
}

function notAccepted({ others, accepts }: Drain): WorkloadFacts["drain"] {
  const left = others.filter((pod) => !isNamed(accepts, nameOf(pod)));
  if (left.length === 0) return [];
  const hint = "Accept that in the component's `accepts`, or drill the pods alone: `lose: pods`.";
  return [{ problem: `these pods of others would be evicted as well: ${list(left)}`, hint }];
}

function conductors({ others }: Drain): WorkloadFacts["drain"] {
  const found = others.filter(({ metadata }) => conductsRuns(metadata.namespace ?? ""));
  if (found.length === 0) return [];
  const hint = "Let them run on another node first.";
  return [{ problem: `runs are conducted from these pods on it: ${list(found)}`, hint }];
}

function orphans({ others }: Drain): WorkloadFacts["drain"] {
  const found = others.filter(({ metadata }) => !metadata.ownerReferences?.some(({ controller }) => controller));
  if (found.length === 0) return [];
  return [{ problem: `nothing would make these pods again: ${list(found)}`, hint: "Delete them by hand first." }];
}

function held({ own, others, budgets }: Drain): WorkloadFacts["drain"] {
  return [...own, ...others].flatMap((pod): WorkloadFacts["drain"] => {
    const of = budgets.filter((budget) => isOf(budget, pod));
    if (of.length > 1)
      return [
        {
          problem: `pod ${nameOf(pod)} has ${of.length} disruption budgets (${list(of)}), and is never evicted`,
          hint: "Leave it one of them.",
        },
      ];
    const [budget] = of;
    if (budget === undefined || (budget.status?.["disruptionsAllowed"] as number | undefined) !== 0) return [];
    return [
      {
        problem: `disruption budget ${nameOf(budget)} does not allow pod ${nameOf(pod)} to be evicted now`,
        hint: "Let its workload have a replica more, or loosen the budget.",
      },
    ];
  });
}

function isOf({ metadata, spec }: KubernetesObject, pod: KubernetesObject): boolean {
  return (
    metadata.namespace === pod.metadata.namespace &&
    selects(spec?.["selector"] as Selector | undefined, pod.metadata.labels ?? {})
  );
}
