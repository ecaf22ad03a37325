import { createHash } from "node:crypto";
import { fail } from "../../failures.ts";
import type { ClusterAccess } from "../../plan/access-schema.ts";
import { isMany, type OneOf } from "../../plan/many-volumes.ts";
import type { LonghornComponent } from "../../plan/longhorn-schema.ts";
import { targetOf } from "../../plan/target.ts";
import type { Patience } from "../kubernetes/request.ts";
import { type Session, withCluster } from "../kubernetes/session.ts";
import { persistentVolumes } from "../kubernetes/kinds.ts";
import type { StepContext } from "../step.ts";
import { claimOf, completeBackups, listBackups } from "./choose.ts";
import { volumeBehind } from "./find-volume.ts";
import { claims, specOf, textIn } from "./kinds.ts";
import { syncBackups } from "./sync.ts";
import { makersOf, usersOf } from "./workload.ts";

export interface Listing {
  volumes: { name: string; of: OneOf }[];
  note: string;
}

const longestName = 40;

/**
 * Finds the volumes that a component means: claims on Longhorn, or after a real loss, when there are none, those of which
 * Longhorn has backups. What a claim's pods were made by is its workload. Changes nothing.
 * @throws TARGET_GONE, NO_BACKUP where there is none; PLAN_INVALID where it means one, or cannot be told after a loss
 */
export async function listVolumes(
  { component, access }: { component: LonghornComponent; access: ClusterAccess },
  context: StepContext,
  patience?: Patience,
): Promise<Listing> {
  if (!isMany(component))
    throw fail("PLAN_INVALID", `${component.name} means one volume by now`, "Start a new run with the changed plan.");
  return await withCluster(
    access,
    context,
    async (session) => {
      const lost = context.run.type === "restore";
      const claimed = lost
        ? await claimsInBackups(session, component, context)
        : await claimsOnLonghorn(session, component);
      const volumes = await Promise.all(claimed.map(async (claim) => await one(session, component, claim)));
      return { volumes, note: `${volumes.length} volumes: ${claimed.join(", ")}` };
    },
    patience,
  );
}

async function claimsOnLonghorn({ cluster }: Session, component: LonghornComponent): Promise<string[]> {
  const labelSelector = Object.entries(component.selector ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  const [listed, pvs] = await Promise.all([
    cluster.list(claims, { namespace: component.namespace!, labelSelector }),
    cluster.list(persistentVolumes),
  ]);
  const ofLonghorn = new Set(
    pvs.objects.filter((pv) => volumeBehind(pv) !== undefined).map(({ metadata }) => metadata.name),
  );
  const found = listed.objects.filter((claim) => ofLonghorn.has(textIn(specOf(claim), "volumeName")));
  if (found.length === 0)
    throw fail("TARGET_GONE", `there are no ${targetOf(component)}`, "Correct `namespace` and `selector` in the plan.");
  return found.map(({ metadata }) => metadata.name).toSorted();
}

/** A backup says of which claim it is, but not which labels that had. */
async function claimsInBackups(
  { cluster }: Session,
  component: LonghornComponent,
  context: StepContext,
): Promise<string[]> {
  if (component.selector !== undefined)
    throw fail(
      "PLAN_INVALID",
      `${component.name} chooses claims by their labels, and backups do not know labels`,
      "Write a component for each claim, with `claim`, and restore those; or use `firedrill restore-volumes`.",
    );
  await syncBackups(cluster, { target: "default" }, component, context);
  const prefix = `${component.namespace}/`;
  const claimed = completeBackups(await listBackups(cluster))
    .map(({ backup }) => claimOf(backup) ?? "")
    .filter((claim) => claim.startsWith(prefix));
  if (claimed.length === 0) throw fail("NO_BACKUP", `Longhorn knows no backup of ${targetOf(component)}`);
  return [...new Set(claimed)].map((claim) => claim.slice(prefix.length)).toSorted();
}

async function one({ cluster }: Session, component: LonghornComponent, claim: string): Promise<Listing["volumes"][0]> {
  const namespace = component.namespace!;
  const makers = await makersOf(cluster, namespace, await usersOf(cluster, namespace, claim));
  return {
    name: nameFor(component.name, claim),
    // Two of them cannot be told apart by a key: the guard in-use then names the pods.
    of: { component: component.name, claim, ...(makers.length === 1 && { workload: makers[0]! }) },
  };
}

/** Unique among the claims of a namespace, and a name of a component. Pure. */
export function nameFor(component: string, claim: string): string {
  const whole = `${component}-${claim.replaceAll(".", "-")}`;
  if (whole.length <= longestName && !claim.includes(".")) return whole;
  const hash = createHash("sha256").update(claim).digest("hex").slice(0, 8);
  return `${whole.slice(0, longestName - 9).replace(/-+$/, "")}-${hash}`;
}
