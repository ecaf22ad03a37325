import type { KubernetesObject } from "../../src/activities/kubernetes/object.ts";
import type { Snapshot } from "../../src/diagnosis/cause.ts";
import { diagnoseNamespace } from "../../src/diagnosis/index.ts";

/** Builds what a cluster says of a namespace called shop, as of one moment. */

const now = "2026-11-27T12:00:00Z";

export function ago(seconds: number): string {
  return `${new Date(Date.parse(now) - seconds * 1000).toISOString().slice(0, 19)}Z`;
}

type Fields = Record<string, unknown>;

/** @param rest spec, status, data …; metadata is merged */
export function object(apiVersion: string, kind: string, name: string, rest: Fields = {}): KubernetesObject {
  const { metadata = {}, ...fields } = rest;
  const common = { name, namespace: "shop", uid: `${kind}-${name}`, creationTimestamp: ago(120) };
  return { apiVersion, kind, ...fields, metadata: { ...common, ...(metadata as object) } };
}

export const owner = ({ apiVersion, kind, metadata }: KubernetesObject) => ({
  ownerReferences: [{ apiVersion, kind, name: metadata.name, uid: metadata.uid ?? "", controller: true }],
});

export function condition(type: string, status: string, reason = "", message = "", seconds = 60): Fields {
  return { type, status, reason, message, lastTransitionTime: ago(seconds) };
}

interface PodOptions {
  /** Of its one container. */
  status?: Fields;
  spec?: Fields;
  /** Of the pod. */
  podSpec?: Fields;
  podStatus?: Fields;
  init?: { spec: Fields; status: Fields };
  ready?: boolean;
  seconds?: number;
  metadata?: Fields;
}

/** A Deployment with its ReplicaSet and one pod each of these. */
export function workload(name: string, ...pods: PodOptions[]): KubernetesObject[] {
  const labels = { app: name };
  const ready = pods.filter((pod) => pod.ready).length;
  const counts = { observedGeneration: 1, replicas: pods.length, readyReplicas: ready, availableReplicas: ready };
  const deployment = object("apps/v1", "Deployment", name, {
    spec: { replicas: pods.length, selector: { matchLabels: labels }, template: { metadata: { labels } } },
    status: {
      ...counts,
      updatedReplicas: pods.length,
      conditions: [condition("Available", ready === pods.length ? "True" : "False")],
    },
  });
  const replicaSet = object("apps/v1", "ReplicaSet", `${name}-5d8`, {
    metadata: { labels, ...owner(deployment) },
    spec: { replicas: pods.length },
    status: counts,
  });
  return [deployment, replicaSet, ...pods.map((pod, index) => podOf(replicaSet, `${name}-5d8-${index}`, pod))];
}

function podOf(parent: KubernetesObject, name: string, options: PodOptions): KubernetesObject {
  const {
    status = {},
    spec = {},
    podSpec = {},
    podStatus = {},
    init,
    ready = false,
    seconds = 120,
    metadata,
  } = options;
  const image = "registry.example.com/shop:1";
  const main = { name: "main", image, ...spec };
  return object("v1", "Pod", name, {
    metadata: { labels: parent.metadata.labels, creationTimestamp: ago(seconds), ...owner(parent), ...metadata },
    spec: {
      nodeName: "node-1",
      containers: [main],
      ...(init && { initContainers: [{ name: "init", image, ...init.spec }] }),
      ...podSpec,
    },
    status: {
      phase: "Running",
      conditions: [condition("PodScheduled", "True", "", "", seconds), condition("Ready", ready ? "True" : "False")],
      ...(init && {
        initContainerStatuses: [{ name: "init", image, ready: false, restartCount: 0, ...init.status }],
      }),
      containerStatuses: [
        {
          name: "main",
          image,
          ready,
          started: true,
          restartCount: 0,
          state: { running: { startedAt: ago(seconds) } },
          ...status,
        },
      ],
      ...podStatus,
    },
  });
}

export const waiting = (reason: string, message = "") => ({ state: { waiting: { reason, message } } });

/** It has crashed so often, and waits for the next try. */
export function crashed(exitCode: number, restartCount = 3, reason = "Error", seconds = 20): Fields {
  const terminated = { exitCode, reason, finishedAt: ago(seconds), startedAt: ago(seconds + 1) };
  return { restartCount, lastState: { terminated }, ...waiting("CrashLoopBackOff", "back-off 40s restarting failed") };
}

export function event(about: KubernetesObject, reason: string, message: string, more: Fields = {}): KubernetesObject {
  const { kind, metadata } = about;
  const {
    fieldPath,
    first = 60,
    last = 5,
    count = 4,
  } = more as { fieldPath?: string; first?: number; last?: number; count?: number };
  return object("v1", "Event", `${metadata.name}.${reason}.${message.length}`, {
    involvedObject: { kind, name: metadata.name, uid: metadata.uid, ...(fieldPath && { fieldPath }) },
    reason,
    message,
    type: "Warning",
    count,
    firstTimestamp: ago(first),
    lastTimestamp: ago(last),
  });
}

export function service(name: string, selector: Fields | undefined, readyPod?: string): KubernetesObject[] {
  return [
    object("v1", "Service", name, { spec: { clusterIP: `10.96.0.${name.length}`, selector } }),
    object("discovery.k8s.io/v1", "EndpointSlice", `${name}-abc`, {
      metadata: { labels: { "kubernetes.io/service-name": name } },
      endpoints: readyPod ? [{ conditions: { ready: true }, targetRef: { kind: "Pod", name: readyPod } }] : [],
    }),
  ];
}

interface Scene extends Partial<Omit<Snapshot, "expected">> {
  /** All workloads, Services and the like among the objects where nothing is said. */
  expected?: Snapshot["expected"];
}

const expectable = new Set(["Deployment", "StatefulSet", "Job", "Service", "Ingress", "PersistentVolumeClaim"]);

export function snapshot({ objects = [], cluster = [], gitops = [], logs = {}, expected }: Scene): Snapshot {
  const own = object("v1", "Namespace", "shop", { metadata: { namespace: undefined }, status: { phase: "Active" } });
  const there = objects.filter(({ kind }) => expectable.has(kind));
  return {
    at: now,
    namespace: "shop",
    objects,
    cluster: cluster.some(({ kind }) => kind === "Namespace") ? cluster : [own, ...cluster],
    gitops,
    logs,
    expected: expected ?? there.map(({ apiVersion, kind, metadata }) => ({ apiVersion, kind, name: metadata.name })),
  };
}

export const diagnose = (scene: Scene) => diagnoseNamespace(snapshot(scene));

/** "OBJECT: CAUSE" of each. */
export const lines = (scene: Scene) => diagnose(scene).map(({ object, cause }) => `${object}: ${cause}`);
