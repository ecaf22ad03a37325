import { fail } from "../../failures.ts";
import { named, type RecoveryFacts } from "../../guard/facts.ts";
import { persistentVolumes } from "../kubernetes/kinds.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { isNamed } from "../kubernetes/patterns.ts";
import { requireCluster, type Session, withCluster } from "../kubernetes/session.ts";
import { volumeBehind } from "../longhorn/find-volume.ts";
import { longhornNamespace, specOf, statusOf, volumes } from "../longhorn/kinds.ts";
import type { StepContext } from "../step.ts";
import { recallKnown } from "./memory.ts";
import type { ClusterInput } from "./verbs.ts";

/** Volumes that go with a cluster and that no component of the run brings back. */

type Input = Omit<ClusterInput, "run">;
type Saved = Input["saved"][number];
type Unsaved = RecoveryFacts["volumes"];

const mostNames = 20;
const hint =
  "Write a component of kind longhorn for it, or accept the loss by `loses` of the cluster's component: what comes back by other means may stand there too.";

/** Also what somebody else's StorageClass keeps: whether it outlives the nodes nobody can tell from here. */
export async function unsavedVolumes(
  { cluster, resources }: Pick<Session, "cluster" | "resources">,
  { component, saved }: Pick<Input, "component" | "saved">,
): Promise<Unsaved> {
  const isServed = resources.some(({ group, plural }) => group === volumes.group && plural === volumes.plural);
  const [pvs, ofLonghorn] = await Promise.all([
    cluster.list(persistentVolumes),
    isServed ? cluster.list(volumes, { namespace: longhornNamespace }) : { objects: [] },
  ]);
  return unsavedAmong(pvs.objects, ofLonghorn.objects, saved).filter(
    ({ claim }) => !isNamed(component.loses ?? [], claim),
  );
}

/** By the names of their claims; a volume of Longhorn that has none is "longhorn-system/<volume>". Pure. */
export function unsavedAmong(pvs: KubernetesObject[], ofLonghorn: KubernetesObject[], saved: Input["saved"]): Unsaved {
  const ofClaims = pvs.flatMap((pv) => {
    const claim = claimOf(pv);
    if (claim === undefined) return [];
    const { name } = pv.metadata;
    const isBound = statusOf(pv)["phase"] === "Bound";
    if (saved.some((one) => names(one, isBound ? claim : undefined, volumeBehind(pv)))) return [];
    if (isBound) return [{ claim, why: `no component of this run restores its PersistentVolume ${name}`, hint }];
    // Retained after its claim was deleted, it may hold the only copy, while another one bears the name of the claim.
    const [namespace] = claim.split("/");
    const why = `no component of this run restores this PersistentVolume, which is not bound and was of claim ${claim}`;
    return [{ claim: `${namespace}/${name}`, why, hint }];
  });
  const known = new Set([
    ...pvs.filter((pv) => claimOf(pv) !== undefined).map(volumeBehind),
    ...saved.map(({ volume }) => volume),
  ]);
  const claimless = ofLonghorn
    .filter(({ metadata }) => !known.has(metadata.name))
    .map(({ metadata: { name } }) => ({
      claim: `${longhornNamespace}/${name}`,
      why: "no component of this run restores this volume of Longhorn, which has no claim",
      hint,
    }));
  return [...ofClaims, ...claimless].toSorted((a, b) => (a.claim < b.claim ? -1 : 1));
}

/** Which of a namespace's claims are meant a drill finds out before it asks; who only looks goes by the namespace. */
function names(
  { namespace = "", claim, volume }: Saved,
  ofClaim: string | undefined,
  behind: string | undefined,
): boolean {
  if (volume !== undefined && volume === behind) return true;
  if (ofClaim === undefined || (volume !== undefined && claim === undefined)) return false;
  return claim === undefined ? ofClaim.startsWith(`${namespace}/`) : ofClaim === `${namespace}/${claim}`;
}

/** A PersistentVolume that no claim has had, or whose `claimRef` somebody has taken out, is not looked at. */
function claimOf(pv: KubernetesObject): string | undefined {
  const { namespace, name } = (specOf(pv)["claimRef"] ?? {}) as { namespace?: string; name?: string };
  return name === undefined ? undefined : `${namespace}/${name}`;
}

/**
 * Looks once more, right before the first layer is destroyed: people may have been asked for hours, in which others have worked.
 * @throws REFUSED with the names of what would be lost, IDENTITY_CHANGED
 */
export async function requireAllSaved(input: Input, context: StepContext): Promise<void> {
  const known = await recallKnown(context);
  await withCluster(input.access, context, async (session) => {
    requireCluster(session, known.identity);
    const found = await unsavedVolumes(session, input);
    if (found.length === 0) return;
    const names = {
      names: found.slice(0, mostNames).map(({ claim }) => claim),
      more: Math.max(0, found.length - mostNames),
    };
    throw fail(
      "REFUSED",
      `volumes have been made since this run looked, and would be lost: ${named(names)}`,
      "Remove them, or abort and start a new run, which backs them up.",
    );
  });
}
