import { networkInterfaces } from "node:os";
import { describeFailure } from "../../failures.ts";
import { temporalSettings } from "../../temporal/settings.ts";
import { sourceOf } from "../flux/holds.ts";
import { secrets } from "../kubernetes/kinds.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Session } from "../kubernetes/session.ts";
import { hostOf, resolveAll } from "../namespace/addresses.ts";
import { neededOf } from "../namespace/reached-through.ts";
import { listGitops } from "../namespace/survey.ts";
import type { Pullable } from "../registry/client.ts";
import { askForImages, type ImageReport, isOver } from "../registry/images.ts";
import { behindDoor, doorKinds, doorsOf } from "./doors.ts";
import { layersOf } from "./layers.ts";
import type { ClusterInput } from "./verbs.ts";

/** What the way back needs: who conducts it, Git and images. Of backups their own guard asks. */

const makers = [
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "ReplicaSet",
  "ReplicationController",
  "Job",
  "CronJob",
  "Pod",
  "ServiceAccount",
];
const groups = ["", "apps", "batch", "networking.k8s.io", "gateway.networking.k8s.io"];

/** Of what is needed that which lies in the cluster, or is reached through it: it would be lost with it. */
export async function lostWithIt(
  session: Session,
  { access, gitops }: Pick<ClusterInput, "access" | "gitops">,
): Promise<string[]> {
  const [objects, all] = await Promise.all([
    listAll(session, doorKinds),
    gitops === undefined ? [] : listGitops(session),
  ]);
  const doors = doorsOf(objects);
  const needed = neededOf("", gitops === undefined ? [] : sourcesOf(gitops, all), [], temporalSettings().address);
  const resolved = await resolveAll(needed.flatMap(({ urls }) => urls));
  const lost = needed.flatMap(({ what, urls }) => {
    const found = urls.map((url) => ({ url, by: behindDoor(url, doors, resolved) })).find(({ by }) => by !== undefined);
    return found === undefined ? [] : [`${what} at ${hostOf(found.url)} (${found.by})`];
  });
  const nodes = doorsOf(objects.filter(({ kind }) => kind === "Node"));
  const host = hostAddresses().flatMap((address) => nodes.get(address) ?? [])[0];
  return [
    ...lost,
    ...(access.kubeconfig === "in-cluster" ? ["the worker, which runs in it,"] : []),
    ...(host === undefined ? [] : [`the worker, whose host is ${host.by},`]),
  ];
}

/** What the layers are made of that come before the data: what comes after it may lie on a volume that is restored. */
function sourcesOf(gitops: NonNullable<ClusterInput["gitops"]>, all: KubernetesObject[]): KubernetesObject[] {
  const { kind, namespace, names } = layersOf(gitops);
  const early = names.filter((name) => !gitops.waitForData.includes(name));
  const layers = all.filter(
    (one) => one.kind === kind.kind && one.metadata.namespace === namespace && early.includes(one.metadata.name),
  );
  return [...new Set(layers.flatMap((one) => (one.kind === "Application" ? one : (sourceOf(one, all) ?? []))))];
}

/** Asks the registries for every image of the cluster, one namespace after the other. */
export async function imagesOf(session: Session, signal: AbortSignal): Promise<ImageReport> {
  // Of a whole cluster many a pod is left of a test or of debugging, and nobody makes it again.
  const objects = (await listAll(session, makers)).filter((one) => one.kind !== "Pod" || !isOver(one));
  objects.push(...(await pullSecrets(session)));
  const whole: ImageReport = { gone: [], unknown: [], asked: 0 };
  const said = new Map<string, Promise<Pullable>>();
  for (const [namespace, of] of Map.groupBy(objects, ({ metadata }) => metadata.namespace ?? "")) {
    const { gone, unknown, asked } = await askForImages(of, signal, said);
    whole.gone.push(...gone.map((one) => ({ ...one, usedBy: `${one.usedBy} in ${namespace}` })));
    whole.unknown.push(...unknown);
    whole.asked += asked;
  }
  return whole;
}

/** None where they may not be read: then a registry that wants one has said nothing. */
async function pullSecrets({ cluster }: Session): Promise<KubernetesObject[]> {
  const types = ["kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"];
  try {
    const lists = types.map((type) => cluster.list(secrets, { fieldSelector: `type=${type}` }));
    return (await Promise.all(lists)).flatMap(({ objects }) => objects);
  } catch (error) {
    if (describeFailure(error).type !== "PERMISSION_DENIED") throw error;
    return [];
  }
}

async function listAll({ cluster, resources }: Session, kinds: string[]): Promise<KubernetesObject[]> {
  const served = resources.filter(({ group, kind }) => groups.includes(group) && kinds.includes(kind));
  return (await Promise.all(served.map(async (kind) => (await cluster.list(kind)).objects))).flat();
}

function hostAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).filter(({ internal }) => !internal).map(({ address }) => address.toLowerCase()),
  );
}
