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
import { listBackups } from "./choose.ts";
import { volumeBehind } from "./find-volume.ts";
import { claims, longhornNamespace, specOf, textIn, volumes } from "./kinds.ts";
import { lostClaims } from "./lost.ts";
import { type Incomplete, incomplete, textOf } from "./newest.ts";
import { syncBackups } from "./sync.ts";
import { makersOf, usersOf } from "./workload.ts";

export interface Listing {
  volumes: { name: string; of: OneOf }[];
  note: string;
}

/** Names of claims, sorted. */
interface Found {
  found: string[];
  /** Those that a restore has nothing to do with. */
  leftOut: string[];
  /** Backups of which nobody can say whose they are. */
  strange?: Incomplete[];
}

interface Asked {
  component: LonghornComponent;
  access: ClusterAccess;
  /** Of a restore to a point in time, ISO 8601: claims without a backup of before did not exist. */
  toTime?: string | null;
}

const longestName = 40;

/**
 * Finds the volumes that a component means: claims on Longhorn, or after a real loss, when they are gone, those of which
 * Longhorn has backups. What a claim's pods were made by is its workload. Changes nothing.
 * @throws TARGET_GONE where there is none; NO_BACKUP where there is none, or none that is complete of one that is gone;
 * TARGET_EXISTS where none is gone; PLAN_INVALID where it means one, or cannot be told after a loss
 */
export async function listVolumes(
  { component, access, toTime = null }: Asked,
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
      const {
        found,
        leftOut,
        strange = [],
      } = lost
        ? await claimsInBackups(session, { component, toTime }, context)
        : await claimsOnLonghorn(session, component);
      const each = await Promise.all(found.map(async (claim) => await one(session, component, claim)));
      const others = leftOut.length === 0 ? "" : `; left out, because they are there: ${leftOut.join(", ")}`;
      const unknown = strange.length === 0 ? "" : `; nobody can say whose these backups are: ${textOf(strange)}`;
      return { volumes: each, note: `${each.length} volumes: ${found.join(", ")}${others}${unknown}` };
    },
    patience,
  );
}

async function claimsOnLonghorn({ cluster }: Session, component: LonghornComponent): Promise<Found> {
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
  return { found: found.map(({ metadata }) => metadata.name).toSorted(), leftOut: [] };
}

/** Those that are gone. A backup says of which claim it is, but not which labels that had. */
async function claimsInBackups(
  { cluster }: Session,
  { component, toTime = null }: Pick<Asked, "component" | "toTime">,
  context: StepContext,
): Promise<Found> {
  if (component.selector !== undefined)
    throw fail(
      "PLAN_INVALID",
      `${component.name} chooses claims by their labels, and backups do not know labels`,
      "Write a component for each claim, with `claim`, and restore those; or use `firedrill restore-volumes`.",
    );
  await syncBackups(cluster, { target: "default" }, component, context);
  const namespace = component.namespace!;
  const [listed, own, pvs, ofLonghorn] = await Promise.all([
    listBackups(cluster),
    cluster.list(claims, { namespace }),
    cluster.list(persistentVolumes),
    cluster.list(volumes, { namespace: longhornNamespace }),
  ]);
  const there = { claims: own.objects, pvs: pvs.objects, volumes: ofLonghorn.objects };
  const { lost, whole, unusable } = lostClaims(listed, namespace, there, toTime);
  if (unusable.length > 0)
    throw fail(
      "NO_BACKUP",
      `claims of namespace ${namespace} are lost, and no backup of them is complete: ${unusable.map(({ claim, why }) => `${claim} (${why})`).join(", ")}`,
      "Wait for backups that are being made, and mend what Longhorn says of the others; delete the backups of a claim that is not wanted any more; then retry. To restore others before that, write a component for each claim, with `claim`.",
    );
  const { strange } = incomplete(listed, { volume: undefined, claim: undefined });
  // Of a cluster that was made again what is there was restored by its own orchestrator.
  if (context.run.scenario === "cluster" && lost.length + whole.length > 0)
    return { found: [...lost, ...whole].toSorted(), leftOut: [], strange };
  if (lost.length > 0) return { found: lost, leftOut: whole, strange };
  if (whole.length === 0) throw fail("NO_BACKUP", `Longhorn knows no backup of ${targetOf(component)}`);
  throw fail(
    "TARGET_EXISTS",
    `no claim of namespace ${namespace} that has a backup is gone: ${whole.join(", ")}`,
    "There is nothing to restore: a volume that is there is never written over. Move it away to restore it; then retry.",
  );
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
