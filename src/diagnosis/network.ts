import { type KubernetesObject, nameOf } from "../activities/kubernetes/object.ts";
import type { Clues, Finding, Need, Snapshot } from "./cause.ts";
import { at, find, ofKind, patience, secondsSince } from "./look.ts";
import { backingOf, readyEndpoints, selectorOf, templateLabels, workloads } from "./services.ts";

/** Services without pods, and Ingresses that lead nowhere. */

export function network(snapshot: Snapshot): Clues {
  const ingresses = ofKind(snapshot.objects, "Ingress");
  const found = ingresses.map((ingress) => ofIngress(snapshot, ingress));
  const selectors = ofKind(snapshot.objects, "Service").flatMap((service) => ofSelector(snapshot, service));
  return {
    findings: [...found.flatMap(({ findings }) => findings), ...selectors],
    needs: found.flatMap(({ needs }) => needs),
  };
}

/**
 * A Service may rightly select nothing, such as the replicas of a database that has none. It is wrong where a workload's
 * pods have the very labels that it asks for, but with other values.
 */
function ofSelector(snapshot: Snapshot, service: KubernetesObject): Finding[] {
  const selector = selectorOf(service);
  if (selector === undefined || patience(snapshot, service.metadata.creationTimestamp)) return [];
  const backing = backingOf(snapshot, service);
  const idle = backing.find((workload) => at(workload, "spec.replicas") === 0);
  if (idle !== undefined && !backing.some(({ kind }) => kind === "Pod"))
    return [
      {
        at: nameOf(service),
        object: nameOf(service),
        type: "SERVICE_WITHOUT_PODS",
        cause: `service ${service.metadata.name} has no pods, because ${nameOf(idle)} is scaled to zero`,
        hint: `Run: kubectl scale ${idle.kind.toLowerCase()} ${idle.metadata.name} --replicas=1`,
        idle: true,
      },
    ];
  if (backing.length > 0 || readyEndpoints(snapshot.objects, service).length > 0) return [];
  const near = workloads(snapshot.objects).find((workload) =>
    Object.keys(selector).every((key) => templateLabels(workload)?.[key] !== undefined),
  );
  const labels = (all: Record<string, string>) =>
    Object.keys(selector)
      .map((key) => `${key}=${all[key]}`)
      .join(",");
  const has = near && `, while those of ${nameOf(near)} have ${labels(templateLabels(near)!)}`;
  return [
    {
      at: nameOf(service),
      object: nameOf(service),
      type: "SERVICE_WITHOUT_PODS",
      cause: `service ${service.metadata.name} selects pods with ${labels(selector)}, and there are none${has ?? ""}`,
      hint: "Make the Service's selector and the labels of the pods agree, or bring back the workload.",
      ...(near === undefined ? { idle: true } : {}),
    },
  ];
}

function ofIngress(snapshot: Snapshot, ingress: KubernetesObject): Clues {
  if (patience(snapshot, ingress.metadata.creationTimestamp)) return { findings: [], needs: [] };
  const findings: Finding[] = [...ofClass(snapshot, ingress), ...ofBackends(snapshot, ingress)];
  const backends = backendsOf(ingress).map((name) => ({ who: nameOf(ingress), what: `Service/${name}` }));
  const needs: Need[] = [...backends, ...findings.map(({ at: what }) => ({ who: nameOf(ingress), what }))];
  return { findings: [...findings, ...ofAddress(snapshot, ingress)], needs };
}

function ofClass({ cluster }: Snapshot, ingress: KubernetesObject): Finding[] {
  const classes = ofKind(cluster, "IngressClass").map(({ metadata }) => metadata.name);
  const name = at<string>(ingress, "spec.ingressClassName");
  if (name === undefined || classes.includes(name)) return [];
  return [
    {
      at: `IngressClass/${name}`,
      object: nameOf(ingress),
      type: "INGRESS_CLASS_MISSING",
      cause: `IngressClass ${name} of ingress ${ingress.metadata.name} does not exist`,
      hint: `Bring back the controller that IngressClass ${name} belongs to; there are: ${classes.join(", ") || "none"}.`,
    },
  ];
}

interface Backend {
  service?: { name: string };
}

function backendsOf(ingress: KubernetesObject): string[] {
  const rules = at<{ http?: { paths?: { backend?: Backend }[] } }[]>(ingress, "spec.rules") ?? [];
  const backends = [
    at<Backend>(ingress, "spec.defaultBackend"),
    ...rules.flatMap(({ http }) => http?.paths?.map(({ backend }) => backend) ?? []),
  ];
  return [...new Set(backends.flatMap((backend) => backend?.service?.name ?? []))];
}

function ofBackends({ objects }: Snapshot, ingress: KubernetesObject): Finding[] {
  return backendsOf(ingress)
    .filter((name) => find(objects, "Service", name) === undefined)
    .map((name) => ({
      at: `Service/${name}`,
      object: nameOf(ingress),
      type: "SERVICE_MISSING",
      cause: `Service ${name}, a backend of ingress ${ingress.metadata.name}, does not exist`,
      hint: `Bring back Service ${name}, or correct the backend's name in the Ingress.`,
    }));
}

/** Some controllers never write one; so only an Ingress that is expected to be ready misses it. */
function ofAddress(snapshot: Snapshot, ingress: KubernetesObject): Finding[] {
  const addresses = at<unknown[]>(ingress, "status.loadBalancer.ingress") ?? [];
  if (addresses.length > 0 || secondsSince(snapshot, ingress.metadata.creationTimestamp) < 45) return [];
  const className = at<string>(ingress, "spec.ingressClassName");
  const controller = at<string>(find(snapshot.cluster, "IngressClass", className ?? ""), "spec.controller");
  return [
    {
      at: nameOf(ingress),
      object: nameOf(ingress),
      type: "INGRESS_WITHOUT_ADDRESS",
      cause: `ingress ${ingress.metadata.name} has no address: ${controller === undefined ? "no controller has taken it" : `controller ${controller} of IngressClass ${className} has not taken it`}`,
      hint: "Look whether the ingress controller runs, and whether its Service has an external address.",
      idle: true,
    },
  ];
}
