import { heldByArgo } from "../argocd/holds.ts";
import { describe } from "../flux/holds.ts";
import { inventoryOf, isWithin } from "../flux/inventory.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Entry, Inventory } from "./memory.ts";

/** What must come back of a namespace that is gone. Pure. */

export const nameOfHolder = (object: KubernetesObject) =>
  object.kind === "Application" ? `Application ${object.metadata.name}` : describe(object);

/**
 * What GitOps lists, and of what it has no list of (releases of Helm before Flux 2.8, what operators make, the claims of a
 * StatefulSet) what a run knew before. What Git has dropped since then is not missed.
 * @param holders the objects of GitOps that hold the namespace
 * @param live uids of what is there: it has come back, or was never lost
 */
export function toComeBack(
  namespace: string,
  holders: KubernetesObject[],
  before: Inventory | undefined,
  live: Set<string | undefined>,
): Entry[] {
  const listed = holders.flatMap((holder) => listedBy(holder, namespace));
  const complete = new Set(listed.map(({ origin }) => origin.by));
  const names = new Set(holders.map(nameOfHolder));
  const known = (before?.entries ?? []).map((entry) => uncompared(entry, live));
  const ofHolders = known.filter(({ origin: { from, by } }) => from === "gitops" && names.has(by) && !complete.has(by));
  const all = once([...listed, ...ofHolders]);
  const made = known.filter(({ origin: { from, by } }) => from === "maker" && all.some(({ id }) => id === by));
  // What was not ready then is not waited for now.
  const trouble = new Map(known.map(({ id, troubleBefore }) => [id, troubleBefore]));
  return once([...all, ...made]).map((entry) => ({ ...entry, troubleBefore: trouble.get(entry.id) ?? null }));
}

/** What it was is known, and not what it was like when it was lost: nothing of it is compared, nor what people had changed. */
function uncompared(entry: Entry, live: Set<string | undefined>): Entry {
  const left: Entry = { ...entry, digest: null, uid: live.has(entry.uid) ? "" : entry.uid };
  delete left.byHand;
  return left;
}

function once(entries: Entry[]): Entry[] {
  return [...new Map(entries.toReversed().map((entry) => [entry.id, entry])).values()].toReversed();
}

function listedBy(holder: KubernetesObject, namespace: string): Entry[] {
  const held =
    holder.kind === "Application"
      ? heldByArgo(holder, namespace)
      : (inventoryOf(holder) ?? []).filter((one) => isWithin(one, namespace));
  return held.map(({ apiVersion, kind, name }) => ({
    apiVersion,
    kind,
    name,
    id: `${kind}/${name}`,
    uid: "",
    origin: { from: "gitops", by: nameOfHolder(holder), generated: false },
    troubleBefore: null,
    scaled: false,
    digest: null,
  }));
}
