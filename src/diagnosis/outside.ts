import { nameOf } from "../activities/kubernetes/object.ts";
import type { Clues, Finding, Snapshot } from "./cause.ts";
import { find, patience, quote, secondsSince } from "./look.ts";
import { type Complaint, complaintOf } from "./logs.ts";
import { brokenContainers, type Container, logOf } from "./pods.ts";
import { answersSince, bareHost, serviceMeant } from "./services.ts";
import { endOf, isCrashing, isOverdue, lastLines } from "./stuck.ts";

/** What the logs of broken containers say about others: names that do not resolve, peers that refuse, missing rights. */

export function outside(snapshot: Snapshot): Clues {
  const clues: Clues = { findings: [], needs: [] };
  for (const container of brokenContainers(snapshot).filter((one) => isStuck(snapshot, one))) {
    const complaint = complaintOf(logOf(snapshot, container));
    const finding = complaint === undefined ? waits(snapshot, container) : findingOf(snapshot, container, complaint);
    const service = complaint === undefined ? undefined : serviceOf(snapshot, complaint);
    if (finding !== undefined) {
      clues.findings.push(finding);
      clues.needs.push({ who: container.place, what: finding.at });
    }
    if (service !== undefined) clues.needs.push({ who: container.place, what: `Service/${service}` });
  }
  return clues;
}

function isStuck(snapshot: Snapshot, container: Container): boolean {
  return isCrashing(snapshot, container) || isOverdue(snapshot, container) || lingers(snapshot, container);
}

/** An init container that loops until something else is there. */
function lingers(snapshot: Snapshot, { init, spec, status }: Container): boolean {
  const since = status.state?.running?.startedAt;
  return init && spec.restartPolicy !== "Always" && since !== undefined && !patience(snapshot, since);
}

const serviceOf = (snapshot: Snapshot, { kind, of }: Complaint) =>
  kind === "right" ? undefined : serviceMeant(snapshot, of);

/** The Service of the namespace that its log names, where that does not answer yet, or does so only since its last try. */
export function waitsForOther(snapshot: Snapshot, container: Container): string | undefined {
  const complaint = complaintOf(logOf(snapshot, container));
  const name = complaint && serviceOf(snapshot, complaint);
  const service = name === undefined ? undefined : find(snapshot.objects, "Service", name);
  if (service === undefined) return undefined;
  const since = answersSince(snapshot, service);
  const tried = endOf(container)?.finishedAt ?? snapshot.at;
  return since === undefined || since >= tried ? nameOf(service) : undefined;
}

function findingOf(snapshot: Snapshot, container: Container, complaint: Complaint): Finding | undefined {
  const { place, pod, status } = container;
  const line = quote(complaint.line);
  if (complaint.kind === "right") {
    const user = /"system:serviceaccount:([^"]+)"/.exec(complaint.of)![1]!;
    return {
      at: `Rbac/${user}`,
      object: place,
      type: "RBAC",
      cause: `service account ${user.split(":").at(-1)} lacks a right: ${quote(complaint.of.replaceAll('"', ""))}`,
      hint: "Bring back the Role and RoleBinding (or ClusterRoleBinding) that gave it this right.",
    };
  }
  const service = serviceOf(snapshot, complaint);
  const there = service === undefined ? undefined : find(snapshot.objects, "Service", service);
  if (there !== undefined) {
    if (waitsForOther(snapshot, container) !== undefined) return undefined;
    return {
      at: place,
      object: place,
      type: "CONNECTION_REFUSED",
      cause: `container ${status.name} cannot reach ${nameOf(there)}, which has ready pods: "${line}"`,
      hint: "Compare the port in its settings with the Service's ports, and look for a NetworkPolicy between them.",
    };
  }
  if (patience(snapshot, pod.metadata.creationTimestamp)) return undefined;
  if (service !== undefined)
    return {
      at: `Service/${service}`,
      object: place,
      type: "SERVICE_MISSING",
      cause: `Service ${service} does not exist, and container ${status.name} needs it: "${line}"`,
      hint: `Bring back Service ${service}, or correct the host name in the container's settings.`,
    };
  const missing = complaint.kind === "host";
  const host = bareHost(snapshot.namespace, complaint.of);
  return {
    at: `Host/${host}`,
    object: place,
    type: missing ? "DNS" : "CONNECTION_REFUSED",
    cause: `container ${status.name} cannot ${missing ? "resolve" : "reach"} ${host}: "${line}"`,
    hint: missing
      ? `Look whether ${host} is spelt right and known to the cluster's DNS (kube-dns in kube-system).`
      : `Look whether ${host} runs, and whether a firewall or NetworkPolicy is between.`,
  };
}

/** Without a complaint nobody knows what an init container waits for; then a long time has to pass. */
function waits(snapshot: Snapshot, container: Container): Finding | undefined {
  const since = container.status.state?.running?.startedAt;
  if (!lingers(snapshot, container) || secondsSince(snapshot, since) < 60) return undefined;
  return {
    at: container.place,
    object: container.place,
    type: "INIT_CONTAINER_WAITS",
    cause: `init container ${container.status.name} does not end${lastLines(snapshot, container)}`,
    hint: "The pod starts only when it has ended: find out what it waits for.",
  };
}
