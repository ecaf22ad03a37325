import { join } from "node:path";
import { fail } from "../../failures.ts";
import { readJson, writeAtomically } from "../files.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { StepContext } from "../step.ts";
import type { Digest, View } from "./digest.ts";
import type { Origin } from "./origin.ts";

/** What a run keeps of a namespace in its directory, so that the next attempt, or the run that resumes it, knows it. */

export interface Entry {
  apiVersion: string;
  kind: string;
  name: string;
  /** "Deployment/shop"; unique in the namespace. */
  id: string;
  uid: string;
  origin: Origin;
  /** An autoscaler decides how many replicas there are. */
  scaled: boolean;
  /** What kept it from being ready before anything was destroyed; null where it was ready. */
  troubleBefore: string | null;
  /** null after a real loss: what it was then nobody has looked at. */
  digest: Digest | null;
  /** What a person has written over what Git says, and the plan does not accept as lost: by path, with the program. */
  byHand?: Record<string, string>;
}

/** Every object of the namespace before its destruction, the Namespace itself included. */
export interface Inventory {
  /** uid of namespace kube-system. */
  cluster: string;
  uid: string;
  /** ISO 8601 in UTC. */
  takenAt: string;
  /** Who holds it in GitOps: what is asked to rebuild it. Their own lists may be shorter once it is gone. */
  holders: { kind: string; namespace: string; name: string }[];
  entries: Entry[];
  /** uids of claims that were gone already when it was taken, and whose volumes are left. */
  lostClaims?: string[];
}

/** When what came back. Times are ISO 8601 in UTC. */
export interface Recovery {
  /** The API server has accepted the deletion. */
  lostAt: string;
  /** The old namespace was gone. */
  goneAt: string | null;
  /** What the checks of the objects said at that moment; null where the namespace was there again before they were asked. */
  whileGone: { name: string; passed: boolean; found: string }[] | null;
  /** Finalizers that this run has removed, by object. */
  stripped: string[];
  /** Until then its applications had no data, whatever they answered; missing where it names none, or none is back yet. */
  dataAt?: string;
  times: Record<string, { existsAt: string | null; readyAt: string | null }>;
}

type Place = Pick<StepContext, "directory">;

const inventoryFile = ({ directory }: Place, component: string) => join(directory, `inventory-${component}.json`);
const recoveryFile = ({ directory }: Place, component: string) => join(directory, `recovery-${component}.json`);

export async function keepInventory(context: Place, component: string, inventory: Inventory): Promise<void> {
  await writeAtomically(inventoryFile(context, component), JSON.stringify(inventory));
}

/** @throws STATE_DAMAGED when it is not there */
export async function recallInventory(context: Place, component: string): Promise<Inventory> {
  return (await readJson<Inventory>(inventoryFile(context, component))) ?? lost(inventoryFile(context, component));
}

export async function keepRecovery(context: Place, component: string, recovery: Recovery): Promise<void> {
  await writeAtomically(recoveryFile(context, component), JSON.stringify(recovery));
}

/** Undefined as long as nothing was destroyed. */
export async function findRecovery(context: Place, component: string): Promise<Recovery | undefined> {
  return await readJson<Recovery>(recoveryFile(context, component));
}

/** @throws STATE_DAMAGED when it is not there */
export async function recallRecovery(context: Place, component: string): Promise<Recovery> {
  return (await findRecovery(context, component)) ?? lost(recoveryFile(context, component));
}

function lost(path: string): never {
  throw fail("STATE_DAMAGED", `${path} is gone, in which this run keeps what it knows of the namespace`);
}

/** The objects of GitOps that held the namespace when it was inspected, as they are among these now. */
export function holdersAmong(gitops: KubernetesObject[], { holders }: Pick<Inventory, "holders">): KubernetesObject[] {
  return gitops.filter(({ kind, metadata }) =>
    holders.some((one) => one.kind === kind && one.name === metadata.name && one.namespace === metadata.namespace),
  );
}

/** How an entry's object is looked at, before and after. */
export function viewOf({ origin, scaled }: Pick<Entry, "origin" | "scaled">): View {
  return { generated: origin.generated, scaled, held: origin.from === "gitops" };
}

/** What must come back under its own name. */
export function expected({ entries }: Pick<Inventory, "entries">): Entry[] {
  return entries.filter(({ origin }) => origin.from === "gitops" || origin.from === "maker");
}
