import { createHash } from "node:crypto";
import { fail } from "../../failures.ts";
import type { ClusterAccess } from "../../plan/access-schema.ts";
import { isMany } from "../../plan/longhorn-rules.ts";
import type { LonghornComponent } from "../../plan/longhorn-schema.ts";
import { targetOf } from "../../plan/target.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { type Session, withCluster } from "../kubernetes/session.ts";
import { persistentVolumes } from "../kubernetes/kinds.ts";
import type { StepContext } from "../step.ts";
import { volumeBehind } from "./find-volume.ts";
import { claims, specOf, textIn } from "./kinds.ts";
import { makersOf, usersOf } from "./workload.ts";

export interface Listing {
  /** One for each volume, by the name of its claim. */
  components: LonghornComponent[];
  note: string;
}

const longestName = 40;

/**
 * Makes of a component that means many volumes one for each: each is then drilled by itself. What a claim's pods were made by is
 * its workload. Changes nothing.
 * @throws TARGET_GONE where there is none
 */
export async function listVolumes(
  { component, access }: { component: LonghornComponent; access: ClusterAccess },
  context: StepContext,
): Promise<Listing> {
  if (!isMany(component)) return { components: [component], note: "one volume" };
  return await withCluster(access, context, async (session) => {
    const namespace = component.namespace!;
    const labelSelector = Object.entries(component.selector ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(",");
    const { cluster } = session;
    const [listed, pvs] = await Promise.all([
      cluster.list(claims, { namespace, labelSelector }),
      cluster.list(persistentVolumes),
    ]);
    const ofLonghorn = new Set(
      pvs.objects.filter((pv) => volumeBehind(pv) !== undefined).map(({ metadata }) => metadata.name),
    );
    const found = listed.objects.filter((claim) => ofLonghorn.has(textIn(specOf(claim), "volumeName")));
    if (found.length === 0)
      throw fail(
        "TARGET_GONE",
        `there are no ${targetOf(component)}`,
        "Correct `namespace` and `selector` in the plan.",
      );
    const components = await Promise.all(found.map(async (claim) => await one(session, component, claim)));
    return { components, note: `${components.length} volumes: ${components.map(({ claim }) => claim).join(", ")}` };
  });
}

async function one(
  { cluster }: Session,
  component: LonghornComponent,
  claim: KubernetesObject,
): Promise<LonghornComponent> {
  const { name, namespace = "" } = claim.metadata;
  const { selector: _, ...rest } = component;
  const makers = await makersOf(cluster, namespace, await usersOf(cluster, namespace, name));
  return {
    ...rest,
    name: nameFor(component.name, name),
    claim: name,
    // Two of them cannot be told apart by a key: the guard in-use then names the pods.
    ...(makers.length === 1 && { workload: makers[0]! }),
  };
}

/** Unique among the claims of a namespace, and a name of a component. Pure. */
export function nameFor(component: string, claim: string): string {
  const whole = `${component}-${claim.replaceAll(".", "-")}`;
  if (whole.length <= longestName && !claim.includes(".")) return whole;
  const hash = createHash("sha256").update(claim).digest("hex").slice(0, 8);
  return `${whole.slice(0, longestName - 9).replace(/-+$/, "")}-${hash}`;
}
