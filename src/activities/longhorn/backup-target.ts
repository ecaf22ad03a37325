import type { StorageFacts } from "../../guard/facts.ts";
import { fail } from "../../failures.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import { conditionOf, type KubernetesObject } from "../kubernetes/object.ts";
import { placeOf, type Place } from "../s3/store.ts";
import { backupStores } from "../namespace/backup-stores.ts";
import { answering } from "../namespace/reached-through.ts";
import type { Session } from "../kubernetes/session.ts";
import { backupTargets, longhornNamespace, specOf, statusOf, textIn } from "./kinds.ts";

export interface Target {
  name: string;
  url: string;
  available: boolean;
  /** Why not, in Longhorn's words. */
  why: string;
}

/** @param name that of the volume's target; Longhorn's own default has this name */
export async function findTarget(cluster: Cluster, name = "default"): Promise<Target> {
  const object = await cluster.get(backupTargets, name, longhornNamespace);
  if (object === undefined) return { name, url: "", available: false, why: "there is no such BackupTarget" };
  return {
    name,
    url: textIn(specOf(object), "backupTargetURL"),
    available: statusOf(object)["available"] === true,
    why: conditionOf(object, "Unavailable")?.message ?? "",
  };
}

/** @throws BACKUP_NOT_VERIFIED for what is no S3 store: nobody but Longhorn could look into it */
export function placeBehind({ name, url }: Pick<Target, "name" | "url">): Place {
  const place = placeOf(url);
  if (place !== undefined) return place;
  const hint = "Let the volume's backups go to an S3 store (a MinIO, for example).";
  throw fail("BACKUP_NOT_VERIFIED", `backup target ${name} (${url || "no address"}) is no S3 store`, hint);
}

/** Why backups that go there would be of no use. */
export async function targetProblems(session: Session, target: Target): Promise<StorageFacts["backupTarget"]> {
  const { name, url, available, why } = target;
  if (url === "")
    return [
      {
        problem: `backup target ${name} has no address`,
        hint: "Set backupTargetURL and credentialSecret of Longhorn's BackupTarget.",
      },
    ];
  const problems: StorageFacts["backupTarget"] = [];
  if (!available)
    problems.push({
      problem: `backup target ${name} is not available${why === "" ? "" : `: ${why}`}`,
      hint: "Mend what Longhorn says of it: its address, its credentials, its server.",
    });
  if (placeOf(url) === undefined)
    problems.push({
      problem: `backup target ${name} (${url}) is no S3 store, so that nobody but Longhorn can look into it`,
      hint: "Let the volume's backups go to an S3 store.",
    });
  const within = await withinCluster(session, name);
  if (within !== undefined)
    problems.push({
      problem: `backup target ${name} is inside the cluster itself, behind ${within}`,
      hint: "Keep backups on another machine, which is there when the cluster is not.",
    });
  return problems;
}

/** What of the cluster answers for the address of a backup target; undefined where nothing does. */
async function withinCluster(session: Session, target: string): Promise<string | undefined> {
  const stores = await backupStores(session);
  const store = stores.find((one) => one.name === `BackupTarget ${longhornNamespace}/${target}`);
  const kinds = session.resources.filter(({ kind }) => ["Service", "Ingress", "HTTPRoute", "Node"].includes(kind));
  const objects: KubernetesObject[] = (
    await Promise.all(kinds.map(async (kind) => (await session.cluster.list(kind)).objects))
  ).flat();
  return (store?.urls ?? []).map((url) => answering(url, objects)).find((one) => one !== undefined);
}
