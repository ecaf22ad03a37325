import { networkInterfaces } from "node:os";
import type { ClusterAccess } from "../../plan/access-schema.ts";
import { temporalSettings } from "../../temporal/settings.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Session } from "../kubernetes/session.ts";
import { resolveAll } from "../namespace/addresses.ts";
import { answering, neededOf } from "../namespace/reached-through.ts";
import { listGitops } from "../namespace/survey.ts";
import { type ImageReport, askForImages } from "../registry/images.ts";

/** What the way back needs: who conducts it, Git and images. Of backups their own guard asks. */

const doors = ["Service", "Ingress", "HTTPRoute", "TLSRoute", "GRPCRoute", "Node", "Pod"];
const makers = [
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "ReplicaSet",
  "ReplicationController",
  "Job",
  "CronJob",
  "Pod",
  "Secret",
  "ServiceAccount",
];
const groups = ["", "apps", "batch", "networking.k8s.io", "gateway.networking.k8s.io"];

/** Of what is needed that which lies in the cluster, or is reached through it: it would be lost with it. */
export async function lostWithIt(session: Session, { kubeconfig }: ClusterAccess): Promise<string[]> {
  const [objects, gitops] = await Promise.all([listAll(session, doors), listGitops(session)]);
  const needed = neededOf("", gitops, [], temporalSettings().address);
  const resolved = await resolveAll(needed.flatMap(({ urls }) => urls));
  const lost = needed.flatMap(({ what, urls }) => {
    const by = urls.map((url) => answering(url, objects, resolved)).find((one) => one !== undefined);
    return by === undefined ? [] : [`${what} (${by})`];
  });
  const host = nodeWith(hostAddresses(), objects);
  return [
    ...lost,
    ...(kubeconfig === "in-cluster" ? ["the worker, which runs in it,"] : []),
    ...(host === undefined ? [] : [`the worker, whose host is ${host},`]),
  ];
}

/** Asks the registries for every image of the cluster. */
export async function imagesOf(session: Session, signal: AbortSignal): Promise<ImageReport> {
  const objects = await listAll(session, makers);
  const parts = [...Map.groupBy(objects, ({ metadata }) => metadata.namespace ?? "")];
  const reports = await Promise.all(
    parts.map(async ([namespace, of]) => {
      const report = await askForImages(of, signal);
      return { ...report, gone: report.gone.map((one) => ({ ...one, usedBy: `${one.usedBy} in ${namespace}` })) };
    }),
  );
  return {
    gone: reports.flatMap(({ gone }) => gone),
    unknown: reports.flatMap(({ unknown }) => unknown),
    asked: reports.reduce((sum, { asked }) => sum + asked, 0),
  };
}

async function listAll({ cluster, resources }: Session, kinds: string[]): Promise<KubernetesObject[]> {
  const served = resources.filter(({ group, kind }) => groups.includes(group) && kinds.includes(kind));
  return (await Promise.all(served.map(async (kind) => (await cluster.list(kind)).objects))).flat();
}

/** "Node cp-1", which has one of these addresses. Pure. */
function nodeWith(addresses: string[], objects: KubernetesObject[]): string | undefined {
  const nodes = objects.filter(({ kind }) => kind === "Node");
  return addresses.map((address) => answering(address, nodes)).find((one) => one !== undefined);
}

function hostAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).filter(({ internal }) => !internal).map(({ address }) => address),
  );
}
