import type { WorkloadComponent } from "../../plan/workload-schema.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";

/** What pods have mounted, and whether it outlives them. Pure. */

/** A PersistentVolumeClaim, and the volume that it is bound to. */
export interface Claim {
  name: string;
  uid: string;
  volume: string;
}

/** Where the data of one claim can be reached. */
export interface Place {
  claim: string;
  pod: string;
  container: string;
}

interface PodSpec {
  containers: { name: string; volumeMounts?: { name: string; mountPath: string }[] }[];
  volumes?: ({ name: string; persistentVolumeClaim?: { claimName: string } } & Record<string, unknown>)[];
}

type Data = NonNullable<WorkloadComponent["data"]>;

const specOf = ({ spec }: KubernetesObject) => spec as unknown as PodSpec;

/** Names of the claims that a pod uses, without those that are made and deleted with it. */
function claimNames(pod: KubernetesObject): string[] {
  return (specOf(pod).volumes ?? []).flatMap((volume) => volume.persistentVolumeClaim?.claimName ?? []);
}

/** One place for each claim, however many pods share it; and why the data of some pods would not outlive them. */
export function placesOf(pods: KubernetesObject[], data: Data): { places: Place[]; volatile: string[] } {
  const found = pods.map((pod) => placeOf(pod, data));
  const places = new Map(found.flatMap((one) => (typeof one === "string" ? [] : [[one.claim, one] as const])));
  return {
    places: [...places.values()].toSorted((a, b) => a.claim.localeCompare(b.claim)),
    volatile: [...new Set(found.filter((one) => typeof one === "string"))],
  };
}

/** @returns in words why it is on no PersistentVolume, where it is not */
function placeOf(pod: KubernetesObject, { directory, container: named }: Data): Place | string {
  const { containers, volumes = [] } = specOf(pod);
  const container =
    named === undefined
      ? (containers.find((one) => mountOf(one, directory) !== undefined) ?? containers[0]!)
      : containers.find(({ name }) => name === named);
  if (container === undefined) return `its pods have no container ${named}`;
  const mount = mountOf(container, directory);
  const where = `${directory} of container ${container.name}`;
  if (mount === undefined) return `${where} is no volume: it lies in the container itself`;
  const volume = volumes.find(({ name }) => name === mount.name);
  const claim = volume?.persistentVolumeClaim?.claimName;
  if (claim !== undefined) return { claim, pod: pod.metadata.name, container: container.name };
  const sort = Object.keys(volume ?? {}).find((key) => key !== "name") ?? "nothing known";
  return `${where} is volume ${mount.name} of sort ${sort}, which is no PersistentVolume`;
}

/** The mount that a directory lies in: of several the innermost. */
function mountOf({ volumeMounts = [] }: PodSpec["containers"][number], directory: string) {
  const isWithin = (path: string) => `${directory}/`.startsWith(`${path.replace(/\/+$/, "")}/`);
  return volumeMounts
    .filter(({ mountPath }) => isWithin(mountPath))
    .toSorted((a, b) => b.mountPath.length - a.mountPath.length)[0];
}

/** @param claims of the namespace, as the API server has them */
export function claimsUsedBy(pods: KubernetesObject[], claims: KubernetesObject[]): Claim[] {
  const names = new Set(pods.flatMap(claimNames));
  return claims
    .filter(({ metadata }) => names.has(metadata.name))
    .map(({ metadata, spec }) => ({
      name: metadata.name,
      uid: metadata.uid ?? "",
      volume: (spec?.["volumeName"] ?? "") as string,
    }))
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

/** "data-postgres-0 on pvc-1f0c7a52, …" */
export function claimWords(claims: Claim[]): string {
  return claims.map(({ name, volume }) => `${name} on ${volume || "no volume"}`).join(", ");
}
