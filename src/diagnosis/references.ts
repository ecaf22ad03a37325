import { type KubernetesObject, nameOf } from "../activities/kubernetes/object.ts";
import type { Clues, Finding, Snapshot } from "./cause.ts";
import { at, eventsOf, find, patience, quote } from "./look.ts";
import { brokenPods, type ContainerSpec, workloadOf } from "./pods.ts";

/** Secrets, ConfigMaps and keys in them that a pod cannot start without, and volumes that cannot be mounted. */

interface Reference {
  kind: "Secret" | "ConfigMap" | "PersistentVolumeClaim";
  name: string;
  key?: string;
}

export function references(snapshot: Snapshot): Clues {
  const clues: Clues = { findings: [], needs: [] };
  for (const pod of brokenPods(snapshot)) {
    const wanted = referencesOf(pod);
    clues.needs.push(...wanted.map(({ kind, name }) => ({ who: nameOf(pod), what: `${kind}/${name}` })));
    if (patience(snapshot, pod.metadata.creationTimestamp)) continue;
    const missing = wanted.flatMap((reference) => missingOf(snapshot, pod, reference));
    const mount = missing.length > 0 ? [] : notMounted(snapshot, pod);
    clues.findings.push(...missing, ...mount);
    clues.needs.push(...[...missing, ...mount].map(({ at: what }) => ({ who: nameOf(pod), what })));
  }
  return clues;
}

function referencesOf(pod: KubernetesObject): Reference[] {
  return [...ofContainers(pod), ...ofVolumes(pod)].filter(({ name }) => name !== "");
}

const containersOf = (pod: KubernetesObject) =>
  ["spec.initContainers", "spec.containers"].flatMap((path) => at<ContainerSpec[]>(pod, path) ?? []);

function ofContainers(pod: KubernetesObject): Reference[] {
  return containersOf(pod).flatMap(({ env = [], envFrom = [] }) => [
    ...env.flatMap(({ valueFrom }) => [
      ...required("Secret", valueFrom?.secretKeyRef),
      ...required("ConfigMap", valueFrom?.configMapKeyRef),
    ]),
    ...envFrom.flatMap(({ secretRef, configMapRef }) => [
      ...required("Secret", secretRef),
      ...required("ConfigMap", configMapRef),
    ]),
  ]);
}

interface Source {
  name?: string;
  secretName?: string;
  optional?: boolean;
  items?: { key: string }[];
}

interface Volume {
  name: string;
  secret?: Source;
  configMap?: Source;
  projected?: { sources?: { secret?: Source; configMap?: Source }[] };
  persistentVolumeClaim?: { claimName: string };
}

function ofVolumes(pod: KubernetesObject): Reference[] {
  return (at<Volume[]>(pod, "spec.volumes") ?? []).flatMap(
    ({ secret, configMap, projected, persistentVolumeClaim }) => [
      ...inVolume("Secret", secret),
      ...inVolume("ConfigMap", configMap),
      ...(projected?.sources ?? []).flatMap((source) => [
        ...inVolume("Secret", source.secret),
        ...inVolume("ConfigMap", source.configMap),
      ]),
      ...(persistentVolumeClaim
        ? [{ kind: "PersistentVolumeClaim" as const, name: persistentVolumeClaim.claimName }]
        : []),
    ],
  );
}

function inVolume(kind: "Secret" | "ConfigMap", source: Source | undefined): Reference[] {
  const name = source?.secretName ?? source?.name;
  if (source === undefined || name === undefined || source.optional === true) return [];
  return [{ kind, name }, ...(source.items ?? []).map(({ key }) => ({ kind, name, key }))];
}

function required(kind: "Secret" | "ConfigMap", ref: { name: string; key?: string; optional?: boolean } | undefined) {
  return ref === undefined || ref.optional === true ? [] : [{ kind, name: ref.name, key: ref.key }];
}

function missingOf(snapshot: Snapshot, pod: KubernetesObject, { kind, name, key }: Reference): Finding[] {
  const object = find(snapshot.objects, kind, name);
  const who = workloadOf(snapshot, pod);
  const place = `${kind}/${name}`;
  if (kind === "PersistentVolumeClaim") {
    if (object !== undefined) return [];
    const hint = `Bring back the claim, and its data from a backup where ${who} keeps any.`;
    return [
      {
        at: place,
        object: place,
        type: "CLAIM_MISSING",
        cause: `${who} needs claim ${name}, which does not exist`,
        hint,
      },
    ];
  }
  if (object === undefined) {
    const hint = `Bring back ${kind} ${name} (Git, or the secret store that it came from).`;
    return [
      {
        at: place,
        object: place,
        type: "CONFIG_MISSING",
        cause: `${who} needs ${kind} ${name}, which does not exist`,
        hint,
      },
    ];
  }
  if (key === undefined || hasKey(object, key)) return [];
  return [
    {
      at: `${place}/${key}`,
      object: place,
      type: "CONFIG_MISSING",
      cause: `${who} needs key ${key} of ${kind} ${name}, which has only: ${keysOf(object).join(", ") || "none"}`,
      hint: `Add key ${key} to ${kind} ${name}, or correct the name of the key in ${who}.`,
    },
  ];
}

const keysOf = (object: KubernetesObject) =>
  ["data", "binaryData", "stringData"].flatMap((field) => Object.keys(at<object>(object, field) ?? {})).toSorted();

const hasKey = (object: KubernetesObject, key: string) => keysOf(object).includes(key);

/** Volumes of other sorts, and the pod's network: only events tell. One failure may be of a driver that starts. */
function notMounted(snapshot: Snapshot, pod: KubernetesObject): Finding[] {
  const statuses = ["status.initContainerStatuses", "status.containerStatuses"];
  const waiting = statuses.flatMap((path) => at<{ state?: { waiting?: { reason?: string } } }[]>(pod, path) ?? []);
  if (!waiting.some(({ state }) => ["ContainerCreating", "PodInitializing"].includes(state?.waiting?.reason ?? "")))
    return [];
  const who = workloadOf(snapshot, pod);
  const last = eventsOf(snapshot, pod, "FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox").at(-1);
  if (last === undefined || last.count < 2 || patience(snapshot, last.first)) return [];
  const sandbox = last.reason === "FailedCreatePodSandBox";
  return [
    {
      at: `${who}/volumes`,
      object: who,
      type: sandbox ? "SANDBOX_FAILED" : "MOUNT_FAILED",
      cause: `a pod of ${who} ${sandbox ? "gets no network" : "does not get its volume"}: ${quote(last.message)}`,
      hint: sandbox
        ? "Look at the network plugin on the pod's node."
        : "Look at the volume and at the storage driver on the pod's node; another node may still hold it.",
    },
  ];
}
