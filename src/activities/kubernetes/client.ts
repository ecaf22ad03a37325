import type { Cluster, Evicted, Listed, LogOptions, Removal, Removed } from "./cluster.ts";
import { type Connection, connect } from "./connection.ts";
import { heard } from "./heard.ts";
import { pods } from "./kinds.ts";
import type { KubernetesObject, Resource } from "./object.ts";
import {
  apiVersionOf,
  groupPath,
  type Kind,
  listPath,
  objectPath,
  type Selection,
  splitApiVersion,
  withQuery,
} from "./paths.ts";
import { fail } from "../../failures.ts";
import { type Answer, heldWords, isHeld, refused } from "./refusal.ts";
import { ask, type Patience, type Question } from "./request.ts";

const fieldManager = "firedrill";
const pageSize = 500;
/** More of a log than anybody reads would only fill the memory. */
const longestLog = 1024 * 1024;

/** @throws AUTHENTICATION_FAILED where the kubeconfig cannot be used; nothing is asked yet */
export function openCluster(kubeconfigYaml: string, context?: string, patience: Patience = {}): Cluster {
  const connection = connect(kubeconfigYaml, context);
  return speak(patience.ear === undefined ? connection : heard(connection, patience.ear), new Map(), patience);
}

function speak(connection: Connection, served: Map<string, Resource[]>, patience: Patience): Cluster {
  const put = async (question: Question) => await ask(connection, question, patience);
  const accepted = (answer: Answer): string => {
    if (answer.status >= 300) throw refused(connection.server, answer);
    return answer.text;
  };

  async function get(kind: Kind, name: string, namespace?: string): Promise<KubernetesObject | undefined> {
    const answer = await put({ path: objectPath(kind, name, namespace) });
    return answer.status === 404 ? undefined : (JSON.parse(accepted(answer)) as KubernetesObject);
  }

  /** All pages. The API server leaves out what kind the objects of a list are; it is filled in. */
  async function list(kind: Kind, selection: Selection = {}): Promise<Listed> {
    const { namespace, ...selectors } = selection;
    const objects: KubernetesObject[] = [];
    let next = "";
    for (let beginnings = 1; ;) {
      const path = withQuery(listPath(kind, namespace), { ...selectors, limit: pageSize, continue: next });
      const answer = await put({ path });
      // The pages are of one moment, which the server has forgotten meanwhile: begin again.
      if (answer.status === 410 && next !== "" && beginnings < 5) {
        beginnings += 1;
        next = "";
        objects.length = 0;
        continue;
      }
      const page = JSON.parse(accepted(answer)) as Page;
      for (const item of page.items ?? []) objects.push({ ...item, apiVersion: apiVersionOf(kind), kind: kind.kind });
      next = page.metadata.continue ?? "";
      if (next === "") return { objects, resourceVersion: page.metadata.resourceVersion ?? "" };
    }
  }

  async function create(object: KubernetesObject): Promise<KubernetesObject | undefined> {
    const path = listPath(await resourceOf(object.apiVersion, object.kind), object.metadata.namespace);
    const body = JSON.stringify(object);
    const headers = { "content-type": "application/json" };
    const answer = await put({ method: "POST", path: withQuery(path, { fieldManager }), body, headers });
    return answer.status === 409 ? undefined : (JSON.parse(accepted(answer)) as KubernetesObject);
  }

  async function apply(object: KubernetesObject): Promise<KubernetesObject> {
    const { name, namespace } = object.metadata;
    const path = objectPath(await resourceOf(object.apiVersion, object.kind), name, namespace);
    return await patch(withQuery(path, { fieldManager, force: true }), "application/apply-patch+yaml", object);
  }

  async function mergePatch(kind: Kind, name: string, namespace: string | undefined, changes: object) {
    const path = withQuery(objectPath(kind, name, namespace), { fieldManager });
    return await patch(path, "application/merge-patch+json", changes);
  }

  async function patch(path: string, type: string, body: object): Promise<KubernetesObject> {
    const question = { path, body: JSON.stringify(body), headers: { "content-type": type }, retryConflicts: true };
    return JSON.parse(accepted(await put({ ...question, method: "PATCH" }))) as KubernetesObject;
  }

  async function remove(
    kind: Kind,
    name: string,
    namespace: string | undefined,
    { gracePeriodSeconds, uid }: Removal = {},
  ): Promise<Removed> {
    const path = objectPath(kind, name, namespace);
    const answer = await put(deletion(path, { gracePeriodSeconds, ...(uid && { preconditions: { uid } }) }));
    if (answer.status === 404) return "gone";
    if (answer.status !== 409) accepted(answer);
    const left = await get(kind, name, namespace);
    if (left === undefined || (uid !== undefined && left.metadata.uid !== uid)) return "gone";
    if (left.metadata.deletionTimestamp === undefined) accepted(answer);
    return "removing";
  }

  async function evict(pod: string, namespace: string, { gracePeriodSeconds, uid }: Removal): Promise<Evicted> {
    const deleteOptions = { gracePeriodSeconds, ...(uid && { preconditions: { uid } }) };
    const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: pod, namespace }, deleteOptions };
    const path = `${objectPath(pods, pod, namespace)}/eviction`;
    const headers = { "content-type": "application/json" };
    const answer = await put({ method: "POST", path, body: JSON.stringify(body), headers });
    if (isHeld(answer)) return { heldBy: heldWords(answer) };
    if (answer.status === 404) return "gone";
    if (answer.status === 409 && (await get(pods, pod, namespace))?.metadata.uid !== uid) return "gone";
    accepted(answer);
    return "removing";
  }

  async function raw(path: string, accept = "application/json, */*"): Promise<string> {
    return accepted(await put({ path, headers: { accept } }));
  }

  async function logs(
    namespace: string,
    pod: string,
    container: string,
    { previous, tailLines = 1000 }: LogOptions = {},
  ): Promise<string> {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log`;
    return await raw(withQuery(path, { container, previous, tailLines, limitBytes: longestLog }));
  }

  async function identity(): Promise<string> {
    const system = JSON.parse(await raw("/api/v1/namespaces/kube-system")) as KubernetesObject;
    return system.metadata.uid ?? "";
  }

  async function resourceOf(apiVersion: string, kind: string): Promise<Resource> {
    const known = served.get(apiVersion)?.find((resource) => resource.kind === kind);
    if (known !== undefined) return known;
    const of = splitApiVersion(apiVersion);
    const answer = await put({ path: groupPath(of) });
    const all = answer.status === 404 ? [] : resourcesIn(of, accepted(answer));
    served.set(apiVersion, all);
    const found = all.find((resource) => resource.kind === kind);
    if (found !== undefined) return found;
    const hint = "Is its CustomResourceDefinition installed, and the operator that brings it? Then retry.";
    throw fail("API_REFUSED", `the API server serves no ${kind} of ${apiVersion}`, hint, { status: 404 });
  }

  return {
    server: connection.server,
    connection,
    with: (other: Patience): Cluster => speak(connection, served, { ...patience, ...other }),
    get,
    list,
    create,
    apply,
    mergePatch,
    remove,
    evict,
    raw,
    logs,
    identity,
    resourceOf,
    close: async () => await connection.close(),
  };
}

interface Page {
  metadata: { resourceVersion?: string; continue?: string };
  items: KubernetesObject[] | null;
}

function deletion(path: string, options: object): Question {
  const body = JSON.stringify({ kind: "DeleteOptions", apiVersion: "v1", ...options });
  return { method: "DELETE", path, body, headers: { "content-type": "application/json" } };
}

/** The kinds of one group and version, without their subresources. */
export function resourcesIn(of: Pick<Resource, "group" | "version">, answer: string): Resource[] {
  const { resources } = JSON.parse(answer) as {
    resources: { name: string; kind: string; namespaced: boolean; verbs: string[] }[];
  };
  return resources
    .filter(({ name }) => !name.includes("/"))
    .map(({ name, kind, namespaced, verbs }) => ({ ...of, kind, plural: name, namespaced, verbs }));
}
