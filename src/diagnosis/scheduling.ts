import { conditionOf, type KubernetesObject, nameOf } from "../activities/kubernetes/object.ts";
import type { Clues, Finding, Snapshot } from "./cause.ts";
import { at, ofKind, patience, quote } from "./look.ts";
import { brokenPods, type ContainerSpec, workloadOf } from "./pods.ts";

/** Pods that no node takes, and nodes that are down. */

export function scheduling(snapshot: Snapshot): Clues {
  const nodes = deadNodes(snapshot);
  const clues: Clues = { findings: [], needs: [] };
  for (const pod of brokenPods(snapshot)) {
    const node = at<string>(pod, "spec.nodeName");
    const scheduled = conditionOf(pod, "PodScheduled");
    const dead = nodes.filter(({ at: place }) => node === undefined || place === `Node/${node}`);
    const finding =
      scheduled?.status === "False" && !patience(snapshot, scheduled.lastTransitionTime)
        ? unscheduled(snapshot, pod, scheduled.message ?? "")
        : undefined;
    if (finding !== undefined) {
      clues.findings.push(finding);
      clues.needs.push({ who: nameOf(pod), what: finding.at });
    }
    if (node === undefined && finding?.type !== "NODE_NOT_READY") continue;
    clues.findings.push(...dead);
    clues.needs.push(...dead.map(({ at: what }) => ({ who: finding?.at ?? nameOf(pod), what })));
  }
  return clues;
}

function deadNodes({ cluster }: Snapshot): Finding[] {
  return ofKind(cluster, "Node").flatMap((node) => {
    const ready = conditionOf(node, "Ready");
    if (ready === undefined || ready.status === "True") return [];
    const { name } = node.metadata;
    return [
      {
        at: `Node/${name}`,
        object: `Node/${name}`,
        type: "NODE_NOT_READY",
        cause: `node ${name} is not ready: ${quote(ready.message ?? ready.reason ?? "no reason is given")}`,
        hint: `Start node ${name} or its kubelet, or remove the node so that its pods move.`,
      } as const,
    ];
  });
}

function unscheduled(snapshot: Snapshot, pod: KubernetesObject, message: string): Finding | undefined {
  // A claim without a volume has its own reasons.
  if (/unbound immediate PersistentVolumeClaims|persistentvolumeclaim "[^"]+" not found/.test(message))
    return undefined;
  const workload = workloadOf(snapshot, pod);
  const place = { at: `${workload}/scheduling`, object: workload };
  const [first] = message.split(/\.? *(?:preemption:|no new claims)/) as [string];
  const reasons = first.replace(/^\d+\/\d+ nodes are available: /, "");
  const said = quote(reasons, 200);
  const insufficient = [...reasons.matchAll(/Insufficient ([\w./-]+\w)/g)].map(([, resource]) => resource!);
  if (/no nodes available|node\.kubernetes\.io\/(?:not-ready|unreachable)/.test(message))
    return {
      ...place,
      type: "NODE_NOT_READY",
      cause: `no node is ready to take a pod of ${workload}: ${said}`,
      hint: "Bring a node back before anything else.",
    };
  if (insufficient.length > 0) {
    const asked = [...new Set(insufficient)].map((resource) => `${resource} ${requested(pod, resource)}`).join(", ");
    return {
      ...place,
      type: "INSUFFICIENT_RESOURCES",
      cause: `no node has enough ${[...new Set(insufficient)].join(" and ")} for a pod of ${workload}, which requests ${asked}: ${said}`,
      hint: "Lower what it requests, remove other pods, or add a node.",
    };
  }
  if (/untolerated taint/.test(reasons))
    return {
      ...place,
      type: "NODE_TAINT",
      cause: `no node takes a pod of ${workload}, because of taints: ${said}`,
      hint: "Remove the taint from a node, or give the workload a toleration.",
    };
  if (/node affinity\/selector|node affinity$|nodeSelector/.test(reasons))
    return {
      ...place,
      type: "NODE_SELECTOR",
      cause: `no node has the labels that a pod of ${workload} asks for${selectorOf(pod)}: ${said}`,
      hint: "Label a node as asked, or change the workload's nodeSelector or affinity.",
    };
  if (/didn't find available persistent volumes|volume node affinity conflict/.test(reasons))
    return {
      ...place,
      type: "VOLUME_NOT_BOUND",
      cause: `no node can reach a volume for a pod of ${workload}: ${said}`,
      hint: "Look where its volumes lie (nodeAffinity of the PersistentVolume), and bring such a node back.",
    };
  return {
    ...place,
    type: "UNSCHEDULABLE",
    cause: `no node takes a pod of ${workload}: ${said}`,
    hint: "Change what the message names: in the workload, or on a node.",
  };
}

function selectorOf(pod: KubernetesObject): string {
  const selector = Object.entries(at<Record<string, string>>(pod, "spec.nodeSelector") ?? {});
  return selector.length === 0 ? "" : ` (${selector.map(([key, value]) => `${key}=${value}`).join(", ")})`;
}

function requested(pod: KubernetesObject, resource: string): string {
  const amounts = (at<ContainerSpec[]>(pod, "spec.containers") ?? []).flatMap(
    ({ resources }) => resources?.requests?.[resource] ?? [],
  );
  return amounts.join(" + ") || "an unknown amount";
}
