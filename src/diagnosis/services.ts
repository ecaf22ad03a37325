import { conditionOf, type KubernetesObject, nameOf } from "../activities/kubernetes/object.ts";
import type { Snapshot } from "./cause.ts";
import { at, find, ofKind } from "./look.ts";

/** Who stands behind a Service. */

type Labels = Record<string, string>;

const matches = (selector: Labels, labels: Labels | undefined) =>
  Object.entries(selector).every(([key, value]) => labels?.[key] === value);

export function selectorOf(service: KubernetesObject): Labels | undefined {
  const selector = at<Labels>(service, "spec.selector");
  return selector === undefined || Object.keys(selector).length === 0 ? undefined : selector;
}

/** Pods that it selects, and workloads that would make such pods. */
export function backingOf({ objects }: Snapshot, service: KubernetesObject): KubernetesObject[] {
  const selector = selectorOf(service);
  if (selector === undefined) return [];
  return [
    ...ofKind(objects, "Pod").filter(({ metadata }) => matches(selector, metadata.labels)),
    ...workloads(objects).filter((workload) => matches(selector, templateLabels(workload))),
  ];
}

export const templateLabels = (workload: KubernetesObject) => at<Labels>(workload, "spec.template.metadata.labels");

export function workloads(objects: KubernetesObject[]): KubernetesObject[] {
  return ["Deployment", "StatefulSet", "DaemonSet"].flatMap((kind) => ofKind(objects, kind));
}

interface Endpoint {
  conditions?: { ready?: boolean };
  targetRef?: { kind?: string; name?: string };
}

/** Addresses that answer, as its EndpointSlices say. */
export function readyEndpoints(objects: KubernetesObject[], { metadata }: KubernetesObject): Endpoint[] {
  return ofKind(objects, "EndpointSlice")
    .filter(
      (slice) =>
        slice.metadata.labels?.["kubernetes.io/service-name"] === metadata.name &&
        slice.metadata.namespace === metadata.namespace,
    )
    .flatMap((slice) => at<Endpoint[]>(slice, "endpoints") ?? [])
    .filter(({ conditions }) => conditions?.ready !== false);
}

/** Since when it has been answering; undefined while it does not, "" where nobody knows. */
export function answersSince({ objects }: Snapshot, service: KubernetesObject): string | undefined {
  const ready = readyEndpoints(objects, service);
  if (ready.length === 0) return undefined;
  const since = ready.map(({ targetRef }) => {
    const pod = find(objects, "Pod", targetRef?.name ?? "");
    return (pod && conditionOf(pod, "Ready")?.lastTransitionTime) ?? "";
  });
  return since.toSorted()[0];
}

/**
 * The Service of the namespace that a host name or an address means, whether it is there or not; undefined where it can
 * be none.
 */
export function serviceMeant({ objects, namespace }: Snapshot, host: string): string | undefined {
  const byAddress = ofKind(objects, "Service").find((service) => at(service, "spec.clusterIP") === host);
  if (byAddress !== undefined) return byAddress.metadata.name;
  const pod = ofKind(objects, "Pod").find((one) => at(one, "status.podIP") === host);
  if (pod !== undefined) return serviceOf(objects, pod);
  const parts = bareHost(namespace, host).split(".");
  if (parts.length === 1) return /[a-z]/.test(host) && host !== "localhost" ? host.split(".")[0] : undefined;
  // "db-0.db" is a pod of a StatefulSet.
  const ofPod = parts.length === 2 && (/-\d+$/.test(parts[0]!) || find(objects, "Service", parts[1]!) !== undefined);
  return ofPod ? parts[1] : undefined;
}

/** Without what the search path of the namespace's pods appends. */
export function bareHost(namespace: string, host: string): string {
  const name = host.replace(/\.$/, "").replace(/(?:\.svc)?\.cluster\.local$|\.svc$/, "");
  return name.endsWith(`.${namespace}`) ? name.slice(0, -namespace.length - 1) : name;
}

function serviceOf(objects: KubernetesObject[], pod: KubernetesObject): string | undefined {
  const service = ofKind(objects, "Service").find((one) => {
    const selector = selectorOf(one);
    return selector !== undefined && matches(selector, pod.metadata.labels);
  });
  return service?.metadata.name;
}

/** A Service is as ready as what stands behind it. */
export function serviceNeeds(snapshot: Snapshot): { who: string; what: string }[] {
  return ofKind(snapshot.objects, "Service").flatMap((service) =>
    backingOf(snapshot, service).map((backing) => ({ who: nameOf(service), what: nameOf(backing) })),
  );
}
