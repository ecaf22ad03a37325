import type { Expected, Snapshot } from "../../diagnosis/cause.ts";
import { brokenContainers } from "../../diagnosis/pods.ts";
import { redact } from "../../redaction.ts";
import type { Cluster } from "./cluster.ts";
import { namespaces } from "./kinds.ts";
import type { KubernetesObject, Resource } from "./object.ts";
import { isUnanswered, statusOf } from "./refusal.ts";

/** Kinds of the whole cluster that a diagnosis asks about, by their names in paths. */
const clusterWide = [
  "nodes",
  "persistentvolumes",
  "storageclasses.storage.k8s.io",
  "ingressclasses.networking.k8s.io",
  "validatingwebhookconfigurations.admissionregistration.k8s.io",
  "mutatingwebhookconfigurations.admissionregistration.k8s.io",
  "validatingadmissionpolicies.admissionregistration.k8s.io",
  "validatingadmissionpolicybindings.admissionregistration.k8s.io",
  "apiservices.apiregistration.k8s.io",
  "clusterissuers.cert-manager.io",
  "clustersecretstores.external-secrets.io",
];

const gitops = new Set([
  "kustomize.toolkit.fluxcd.io",
  "helm.toolkit.fluxcd.io",
  "source.toolkit.fluxcd.io",
  "argoproj.io",
]);

const tailLines = 20;

/** Of a line or message; nobody reads more of it, and a megabyte would keep the patterns of a diagnosis busy for hours. */
const longestText = 2_000;

/** A cluster that is ill is asked again soon: one that is slow to refuse must not hold up what the others know. */
const patienceMs = 10_000;
/** A log comes through the kubelet, and that of a dead node never. */
const logMs = 5_000;

/** Asks a cluster for all that a diagnosis of a namespace looks at. */
export async function takeSnapshot(
  cluster: Cluster,
  resources: Resource[],
  namespace: string,
  expected: Expected[],
): Promise<Snapshot> {
  const at = new Date().toISOString();
  const soon = cluster.with({ withinMs: patienceMs });
  const listed = resources.filter(({ verbs }) => verbs.includes("list"));
  const [objects, wide, ofGitops, own] = await Promise.all([
    listAll(soon, listed.filter(isContent), namespace),
    listAll(
      soon,
      listed.filter((resource) => clusterWide.includes(pathName(resource))),
    ),
    listAll(
      soon,
      listed.filter(({ group }) => gitops.has(group)),
    ),
    soon.get(namespaces, namespace),
  ]);
  const seen = {
    at,
    namespace,
    objects: objects.map(withoutSecrets).map(withShortWords),
    cluster: [...(own === undefined ? [] : [own]), ...wide].map(withShortWords),
    gitops: ofGitops.map(withShortWords),
    expected,
  };
  const logs = await logsOf(cluster, { ...seen, logs: {} });
  const mask = maskOf(objects);
  const told = Object.entries(logs).map(([name, text]) => [name, mask(text).split("\n").map(short).join("\n")]);
  return { ...seen, logs: Object.fromEntries(told) as Snapshot["logs"] };
}

const pathName = ({ group, plural }: Resource) => (group === "" ? plural : `${plural}.${group}`);

/** Events are served twice; of metrics and reviews nothing can be learnt. */
const isContent = ({ namespaced, group, plural }: Resource) =>
  namespaced && group !== "metrics.k8s.io" && !(group === "events.k8s.io" && plural === "events");

/**
 * A kind whose extension server is dead, or that went meanwhile, has no objects to look at. One that may not be read is
 * a failure: its objects would look missing.
 */
async function listAll(cluster: Cluster, kinds: Resource[], namespace?: string): Promise<KubernetesObject[]> {
  const lists = await Promise.all(
    kinds.map(async (kind) => {
      try {
        return (await cluster.list(kind, namespace === undefined ? {} : { namespace })).objects;
      } catch (error) {
        if ([404, 405, 503].includes(statusOf(error) ?? 0)) return [];
        throw error;
      }
    }),
  );
  return lists.flat();
}

const short = (text: string) => (text.length > longestText ? `${text.slice(0, longestText)}…` : text);

/** What controllers say stands in the status; what events say beside it. */
function withShortWords(object: KubernetesObject): KubernetesObject {
  const { status, message } = object;
  return {
    ...object,
    ...(status && { status: shorten(status) }),
    ...(message !== undefined && { message: shorten(message) }),
  };
}

function shorten<T>(value: T): T {
  if (typeof value === "string") return short(value) as T;
  if (Array.isArray(value)) return value.map(shorten) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shorten(item)])) as T;
}

/** Their keys tell enough. What kubectl has applied stands in an annotation once more. */
function withoutSecrets(object: KubernetesObject): KubernetesObject {
  const { managedFields: _fields, annotations = {}, ...metadata } = object.metadata;
  const { "kubectl.kubernetes.io/last-applied-configuration": _applied, ...rest } = annotations;
  const lean = { ...object, metadata: { ...metadata, annotations: rest } };
  if (object.kind !== "Secret" || object.apiVersion !== "v1") return lean;
  const blank = (data: unknown) => Object.fromEntries(Object.keys(data ?? {}).map((key) => [key, ""]));
  return { ...lean, data: blank(object["data"]), stringData: blank(object["stringData"]) };
}

/** A program may print what a Secret of its namespace holds. Shorter values would hide half of the log. */
const shortestSecret = 4;

function maskOf(objects: KubernetesObject[]): (text: string) => string {
  const values = objects
    .filter(({ kind, apiVersion }) => kind === "Secret" && apiVersion === "v1")
    .flatMap(({ data }) => Object.values((data ?? {}) as Record<string, string>))
    .map((value) => Buffer.from(value, "base64").toString().trim())
    .filter((value) => value.length >= shortestSecret)
    .toSorted((a, b) => b.length - a.length);
  return (text) => values.reduce((masked, value) => masked.replaceAll(value, "[secret]"), text);
}

/** Of each container that is not ready; of its run before, where it has crashed and does not run now. */
async function logsOf(cluster: Cluster, snapshot: Snapshot): Promise<Snapshot["logs"]> {
  const once = cluster.with({ withinMs: 0, requestMs: logMs });
  const logs = await Promise.all(
    brokenContainers(snapshot)
      .filter(({ status }) => status.restartCount > 0 || status.state?.waiting === undefined)
      .map(async ({ pod, status }) => {
        const { name } = pod.metadata;
        const previous = status.state?.running !== undefined && status.restartCount > 0;
        let text = await logOf(once, snapshot.namespace, name, status.name, previous);
        if (text === "") text = await logOf(once, snapshot.namespace, name, status.name, !previous);
        return [`${name}/${status.name}`, text] as const;
      }),
  );
  return Object.fromEntries(logs.flatMap(([name, text]) => (text ? [[name, text]] : [])));
}

/** Nothing, where the container has none or its pod is gone; undefined where the kubelet does not answer. */
async function logOf(cluster: Cluster, namespace: string, pod: string, container: string, previous: boolean) {
  try {
    return redact(await cluster.logs(namespace, pod, container, { previous, tailLines }));
  } catch (error) {
    if (isUnanswered(error)) return undefined;
    if (statusOf(error) === undefined) throw error;
    return "";
  }
}
