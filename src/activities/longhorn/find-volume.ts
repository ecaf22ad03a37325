import { fail } from "../../failures.ts";
import type { LonghornComponent } from "../../plan/longhorn-schema.ts";
import { isMany } from "../../plan/many-volumes.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { persistentVolumes } from "../kubernetes/kinds.ts";
import { claims, driver, longhornNamespace, specOf, statusOf, textIn, volumes } from "./kinds.ts";

/** The three objects that a volume is. Each may be missing. */
export interface Found {
  claim: KubernetesObject | undefined;
  pv: KubernetesObject | undefined;
  volume: KubernetesObject | undefined;
}

/** Finds a volume by its claim, or by its own name. @throws PLAN_INVALID where it is none of Longhorn's */
export async function findVolume(cluster: Cluster, component: LonghornComponent): Promise<Found> {
  requireOne(component);
  const { claim, namespace, volume } = component;
  return claim === undefined ? await byName(cluster, volume!) : await byClaim(cluster, namespace!, claim);
}

/** @throws REQUEST_INVALID: many volumes are drilled one by one */
function requireOne(component: LonghornComponent): void {
  if (!isMany(component)) return;
  const hint = "Write a component for each claim, with `claim`.";
  throw fail("REQUEST_INVALID", `${component.name} means many volumes, and a step is about one`, hint);
}

export async function byClaim(cluster: Cluster, namespace: string, name: string): Promise<Found> {
  const claim = await cluster.get(claims, name, namespace);
  const pv = claim && (await pvNamed(cluster, textIn(specOf(claim), "volumeName")));
  return { claim, pv, volume: pv && (await volumeOf(cluster, pv, `claim ${namespace}/${name}`)) };
}

async function byName(cluster: Cluster, name: string): Promise<Found> {
  const volume = await cluster.get(volumes, name, longhornNamespace);
  const about = (volume && (statusOf(volume)["kubernetesStatus"] as Record<string, unknown> | undefined)) ?? {};
  const pv = await pvNamed(cluster, textIn(about, "pvName"));
  const bound = (pv && (specOf(pv)["claimRef"] as { namespace?: string; name?: string } | undefined)) ?? {};
  const { namespace = "", name: claimName = "" } = bound;
  return { volume, pv, claim: claimName === "" ? undefined : await cluster.get(claims, claimName, namespace) };
}

async function pvNamed(cluster: Cluster, name: string): Promise<KubernetesObject | undefined> {
  return name === "" ? undefined : await cluster.get(persistentVolumes, name);
}

/** Name of the Longhorn volume behind a PersistentVolume; undefined where it is not Longhorn's. */
export function volumeBehind(pv: KubernetesObject): string | undefined {
  const csi = specOf(pv)["csi"] as { driver?: string; volumeHandle?: string } | undefined;
  return csi?.driver === driver ? csi.volumeHandle : undefined;
}

async function volumeOf(cluster: Cluster, pv: KubernetesObject, whose: string): Promise<KubernetesObject | undefined> {
  const name = volumeBehind(pv);
  if (name !== undefined) return await cluster.get(volumes, name, longhornNamespace);
  const hint = "Name a claim whose StorageClass is Longhorn's.";
  throw fail("PLAN_INVALID", `${whose} is on PersistentVolume ${pv.metadata.name}, which is none of Longhorn's`, hint);
}
