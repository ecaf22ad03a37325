import type { RecoveryFacts } from "../../guard/facts.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { askRegistry, type Pullable } from "./client.ts";
import { type Credentials, credentialsOf } from "./pull-secrets.ts";

/** An image that the namespace will want again. */
interface Wanted {
  image: string;
  usedBy: string;
  /** Names of pull secrets. */
  secrets: string[];
}

interface PodSpec {
  serviceAccountName?: string;
  imagePullSecrets?: { name: string }[];
  containers?: Container[];
  initContainers?: Container[];
}

interface Container {
  image?: string;
  imagePullPolicy?: string;
}

export interface ImageReport {
  gone: RecoveryFacts["images"];
  /** Images of which nobody could say anything, each with the reason. */
  unknown: string[];
  asked: number;
}

/**
 * Asks the registries for every image of the namespace, each once, with the pull secrets that the kubelet would use.
 * @param answers of images without pull secrets, which are the same in every namespace
 */
export async function askForImages(
  objects: KubernetesObject[],
  signal: AbortSignal,
  answers = new Map<string, Promise<Pullable>>(),
): Promise<ImageReport> {
  const ask = async (image: string, credentials: Credentials): Promise<Pullable> => {
    if (credentials.size > 0) return await askRegistry(image, credentials, signal);
    const asked = answers.get(image) ?? askRegistry(image, credentials, signal);
    answers.set(image, asked);
    return await asked;
  };
  const report: ImageReport = { gone: [], unknown: [], asked: 0 };
  const alike = Map.groupBy(wantedImages(objects), ({ image, secrets }) => [image, ...secrets].join(" "));
  await Promise.all(
    [...alike.values()].map(async ([first]) => {
      const { image, usedBy, secrets } = first!;
      const credentials = credentialsOf(
        objects.filter(({ kind, metadata }) => kind === "Secret" && secrets.includes(metadata.name)),
      );
      const said = await ask(image, credentials);
      report.asked += 1;
      if (said.state === "gone") report.gone.push({ image, usedBy, why: said.why, hint: said.hint });
      else if (said.state === "unknown") report.unknown.push(`${image}: ${said.why}`);
    }),
  );
  report.gone.sort((a, b) => a.image.localeCompare(b.image));
  report.unknown.sort();
  return report;
}

export function imageProblem(gone: ImageReport["gone"][number] | undefined) {
  return gone && { problem: `image ${gone.image} of ${gone.usedBy} cannot be pulled: ${gone.why}`, hint: gone.hint };
}

/**
 * Of what makes pods, and not of its pods: those are made anew, perhaps with other images than now. Of what an operator makes pods
 * only these themselves tell the images.
 */
function wantedImages(objects: KubernetesObject[]): Wanted[] {
  return objects.flatMap((object) => {
    const spec = podSpecOf(object, objects);
    if (spec === undefined) return [];
    const account = objects.find(
      ({ kind, metadata }) => kind === "ServiceAccount" && metadata.name === (spec.serviceAccountName ?? "default"),
    );
    const ofAccount = (account?.["imagePullSecrets"] ?? []) as { name: string }[];
    const secrets = [...(spec.imagePullSecrets ?? []), ...ofAccount].map(({ name }) => name);
    return [...(spec.initContainers ?? []), ...(spec.containers ?? [])].flatMap(({ image, imagePullPolicy }) =>
      // What is never pulled is on the nodes, or it is not.
      image === undefined || imagePullPolicy === "Never"
        ? []
        : [{ image, usedBy: `${object.kind}/${object.metadata.name}`, secrets }],
    );
  });
}

/** Containers that somebody has added to debug a pod are not made again. */
function podSpecOf(object: KubernetesObject, objects: KubernetesObject[]): PodSpec | undefined {
  const { kind, metadata, spec } = object;
  const isOwned = (metadata.ownerReferences ?? []).length > 0;
  const template = (from: unknown) => (from as { template?: { spec?: PodSpec } } | undefined)?.template?.spec;
  if (["Deployment", "StatefulSet", "DaemonSet", "ReplicationController"].includes(kind)) return template(spec);
  if (kind === "CronJob") return template((spec?.["jobTemplate"] as { spec?: unknown } | undefined)?.spec);
  // One that somebody else has made may be of a version of which it makes no more.
  if (kind === "Job" || kind === "ReplicaSet") return isOwned ? undefined : template(spec);
  if (kind !== "Pod") return undefined;
  return isOwned && (isOver(object) || isMadeOfTemplate(object, objects)) ? undefined : spec;
}

/** Of a pod. */
export function isOver({ status }: KubernetesObject): boolean {
  return ["Succeeded", "Failed"].includes(String(status?.["phase"]));
}

function isMadeOfTemplate({ metadata: { ownerReferences = [] } }: KubernetesObject, all: KubernetesObject[]): boolean {
  return all
    .filter(({ metadata: { uid } }) => ownerReferences.some((owner) => owner.uid === uid))
    .some((maker) => podSpecOf(maker, all) !== undefined || isMadeOfTemplate(maker, all));
}
