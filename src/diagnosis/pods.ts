import { conditionOf, type KubernetesObject, nameOf } from "../activities/kubernetes/object.ts";
import type { Snapshot } from "./cause.ts";
import { at, find, ofKind } from "./look.ts";

interface Terminated {
  exitCode: number;
  reason?: string;
  message?: string;
  startedAt?: string;
  finishedAt?: string;
}

interface State {
  waiting?: { reason?: string; message?: string };
  running?: { startedAt?: string };
  terminated?: Terminated;
}

interface ContainerStatus {
  name: string;
  image: string;
  ready: boolean;
  started?: boolean;
  restartCount: number;
  state?: State;
  lastState?: State;
}

export interface Probe {
  initialDelaySeconds?: number;
  periodSeconds?: number;
  timeoutSeconds?: number;
  failureThreshold?: number;
}

interface KeyRef {
  name: string;
  key?: string;
  optional?: boolean;
}

export interface ContainerSpec {
  name: string;
  image?: string;
  command?: string[];
  restartPolicy?: string;
  env?: { name: string; valueFrom?: { secretKeyRef?: KeyRef; configMapKeyRef?: KeyRef } }[];
  envFrom?: { secretRef?: KeyRef; configMapRef?: KeyRef }[];
  volumeMounts?: { name: string }[];
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  startupProbe?: Probe;
}

/** A container of a pod that is not ready. */
export interface Container {
  pod: KubernetesObject;
  /** "Deployment/shop/web": the same of each replica. */
  place: string;
  init: boolean;
  spec: ContainerSpec;
  status: ContainerStatus;
}

/** Pods that should be ready and are not. One that is being deleted, or has done its work, is none. */
export function brokenPods(snapshot: Snapshot): KubernetesObject[] {
  return ofKind(snapshot.objects, "Pod").filter((pod) => {
    if (pod.metadata.deletionTimestamp !== undefined || conditionOf(pod, "Ready")?.status === "True") return false;
    const phase = at(pod, "status.phase");
    if (phase === "Failed") return stillMatters(snapshot, pod);
    return phase !== "Succeeded";
  });
}

/** A pod that has failed for good: its workload makes another one, and a Job may have been lucky with that. */
function stillMatters({ objects }: Snapshot, pod: KubernetesObject): boolean {
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined) return true;
  const job = owner.kind === "Job" ? find(objects, "Job", owner.name) : undefined;
  if (job === undefined || conditionOf(job, "Complete")?.status === "True") return false;
  return conditionOf(job, "Failed")?.status === "True" || (at<number>(job, "status.failed") ?? 0) >= 2;
}

export function brokenContainers(snapshot: Snapshot): Container[] {
  return brokenPods(snapshot).flatMap((pod) => containersOf(snapshot, pod));
}

function containersOf(snapshot: Snapshot, pod: KubernetesObject): Container[] {
  const workload = workloadOf(snapshot, pod);
  const list = (specs: string, statuses: string, init: boolean) =>
    (at<ContainerSpec[]>(pod, specs) ?? []).flatMap((spec) => {
      const status = at<ContainerStatus[]>(pod, statuses)?.find(({ name }) => name === spec.name);
      return status === undefined ? [] : [{ pod, place: `${workload}/${spec.name}`, init, spec, status }];
    });
  return [
    ...list("spec.initContainers", "status.initContainerStatuses", true),
    ...list("spec.containers", "status.containerStatuses", false),
  ];
}

/** What a person would name: the Deployment of a pod, not its ReplicaSet; but the Job, not its CronJob. */
export function workloadOf(snapshot: Snapshot, object: KubernetesObject): string {
  const owner = object.metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined || object.kind === "Job") return nameOf(object);
  const name = nameOf({ ...owner, metadata: owner });
  const found = find(snapshot.objects, name.slice(0, -owner.name.length - 1), owner.name);
  return found === undefined ? name : workloadOf(snapshot, found);
}

/** The last lines that a container has written, the very last at the end. */
export function logOf(snapshot: Snapshot, { pod, status }: Container): string[] {
  const lines = (snapshot.logs[`${pod.metadata.name}/${status.name}`] ?? "").split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "").slice(-10);
}
