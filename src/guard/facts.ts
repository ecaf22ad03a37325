import type { RunType, Scenario } from "../report/record.ts";

/** What the guards know of one component. Read from the live system, never from the plan alone. */
export interface ComponentFacts {
  name: string;
  kind: string;
  /** What a person would call it: "database shop on 127.0.0.1:5432". */
  target: string;
  /** Name of its lock, see lock-names.ts; missing in what a run has inspected that began before there were locks. */
  lock?: string;
  /** The live target is there. */
  exists: boolean;
  /** PostgreSQL's system identifier, or a cluster's uid of kube-system; empty when the target does not exist. */
  identity: string;
  /** The worker's configuration lists the target among those that it may destroy. */
  listed: boolean;
  /** The line for `mayDestroy` that would list it. */
  listLine: string;
  /** Why it may never be destroyed (template database, maintenance database …), null otherwise. */
  denied: string | null;
  /** It is a replica, or has so many replicas that its loss would break. */
  inRecovery: boolean;
  replicas: number;
  /** Data that would not come back because it lies elsewhere. */
  tablespacesOutside: string[];
  /** Things that must survive (dumps, repository, records, run directory) but lie inside the target. */
  insideTarget: string[];
  /** WAL archiving works, or is not needed (null). */
  archiving: boolean | null;
  space: { path: string; freeBytes: number; neededBytes: number } | null;
  /** Of a namespace or cluster: what would keep it, or some of it, from coming back. Missing for other kinds. */
  recovery?: RecoveryFacts;
  /** Checks that do not pass now: they could not show later that all is back. Missing where none are asked. */
  failing?: { check: string; found: string }[];
  /** Of a workload or a cluster: what would keep it, or its data, from coming back. Missing for other kinds. */
  workload?: WorkloadFacts;
  /** Of a volume. Missing for other kinds. */
  storage?: StorageFacts;
  /** Of a layer of infrastructure. Missing for other kinds. */
  infrastructure?: InfrastructureFacts;
  /** Of a database that a namespace names as its data: why that is not so, or not wholly. Missing for others. */
  misplaced?: { problem: string; hint: string }[];
  /** After a real loss: whether something of it is missing. Known of namespaces and their data, and of clusters. */
  lost?: boolean;
  /** After a real loss: what speaks for its being there all the same. Known of a cluster alone. */
  there?: string;
}

/** What is so of all that is no database. */
export const nothingAmiss = {
  denied: null,
  inRecovery: false,
  replicas: 0,
  tablespacesOutside: [],
  insideTarget: [],
  archiving: null,
  space: null,
} satisfies Partial<ComponentFacts>;

export interface WorkloadFacts {
  /** What is wrong with it as it is: "1 of 2 pods ready", "node b is not ready". Null where all is well. */
  trouble: string | null;
  /** Why the data that the plan names would be gone with the pods, each as a part of a sentence. */
  volatile: string[];
  /** What keeps its node from being drained, each as a sentence. Empty where no node is lost. */
  drain: { problem: string; hint: string }[];
}

/** What a layer's state and its plan of destruction say; empty lists where nothing was planned yet. */
interface InfrastructureFacts {
  /** Resources that its state has. A layer without a state counts as one while it exists. */
  resources: number;
  /** Lineages of its states that the worker's configuration does not name, where it names any. */
  strangers: string[];
  /** What would be destroyed although `destroys:` does not allow it, each with the reason. */
  unexpected: Names;
  /** What its own code forbids to destroy (prevent_destroy). */
  protected: Names;
}

/** Cut to what a person would read. */
export interface Names {
  names: string[];
  more: number;
}

export function named({ names, more }: Names): string {
  return more === 0 ? names.join(", ") : `${names.join(", ")} and ${more} more`;
}

/** Each list is cut to what a person would read; `more` counts what was left out. */
export interface RecoveryFacts {
  /** Objects that nothing would make again and that the plan does not accept as lost: "Secret/shop-tls". */
  orphans: Names;
  /** What GitOps would not do, each as a sentence: "Kustomization flux-system/apps is suspended". `beyond`: it would delete more than the namespace. */
  gitops: { problem: string; hint: string; beyond?: true }[];
  /** Images that cannot be pulled any more. */
  images: { image: string; usedBy: string; why: string; hint: string }[];
  /** What the API server would not let in again, each as a sentence. Known of namespaces alone. */
  admission?: { problem: string; hint: string }[];
  /** Claims whose data would be deleted with them, and that the plan does not accept as lost. `hint`: where it is not the usual one. */
  volumes: { claim: string; why: string; hint?: string }[];
  /** How many entries of which list were left out; missing where none was. */
  more?: Partial<Record<"gitops" | "images" | "admission" | "volumes", number>>;
}

export interface StorageFacts {
  /** Why its backups would be of no use after a loss, each as a sentence: "the backup target default is not available". */
  backupTarget: { problem: string; hint: string }[];
  /** Of its PersistentVolume, where it is not Retain; null otherwise. */
  reclaimPolicy: { volume: string; policy: string } | null;
  /** Pods that use it and that the plan's workload does not make: nobody would end them. */
  otherUsers: string[];
}

/** The run that holds a lock. */
export interface Holder {
  workflowId: string;
  type: string;
  plan: string;
  by: string;
  /** ISO 8601 in UTC. */
  since: string;
  /** What it works on: copies of a server share its system identifier, and so the lock. */
  target: string;
  /** The run has ended; its lock, or its programs, are about to. */
  over: boolean;
}

/** A lock that a run wants for a component. */
export interface Claim {
  lock: string;
  component: string;
  target: string;
}

/** The locks of components, in the order in which every run takes them. */
export function claimsOf(components: ComponentFacts[]): Claim[] {
  return components
    .flatMap(({ name, target, lock }) => (lock === undefined ? [] : { lock, component: name, target }))
    .sort((a, b) => (a.lock < b.lock ? -1 : 1));
}

/** A target whose lock this run does not have. */
export interface Unlocked {
  component: string;
  target: string;
  /** null: this run's own lock was ended by hand. */
  holder: Holder | null;
}

/** A backup of this run that was read back and found whole. */
interface VerifiedBackup {
  component: string;
  backupId: string;
  verifiedAt: string;
}

/** A time in which nothing is drilled or destroyed. ISO 8601 in UTC; `until` does not belong to it any more. */
export interface Window {
  from: string;
  until: string;
  reason: string;
}

export interface Facts {
  type: RunType;
  scenario: Scenario;
  environment: string;
  /** `destroy`: asked a second time, right before something is destroyed. */
  stage: "preflight" | "destroy";
  components: ComponentFacts[];
  verified: VerifiedBackup[];
  unlocked: Unlocked[];
  /**
   * How many people must approve, and who has, as far as it counts now; null where the plan asks for none.
   * `from`: who may at all, without who has started the run; missing where it is not known, or anybody else may.
   */
  approvals: { needed: number; by: string[]; from?: string[] } | null;
  /** The plan's windows, and when the guards are asked, ISO 8601 in UTC. */
  freeze: Window[];
  now: string;
}

/** The components whose live target this run takes away: an exercise with a loss, a restore over something that exists. */
export function destroyed({ type, scenario, components }: Facts): ComponentFacts[] {
  if (type === "exercise" && scenario !== "none") return components;
  return type === "restore" ? components.filter(({ exists }) => exists) : [];
}

/** What is in a cluster goes with its layers: these must be listed, and the cluster's lock covers it. */
export function lostWithCluster({ lock: _ofItsOwn, ...facts }: ComponentFacts): ComponentFacts {
  return { ...facts, listed: true };
}
