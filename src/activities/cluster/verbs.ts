import type { ClusterAccess } from "../../plan/access-schema.ts";
import type { Check } from "../../plan/check-schema.ts";
import type { ClusterComponent, Gitops } from "../../plan/cluster-schema.ts";
import type { LonghornComponent } from "../../plan/longhorn-schema.ts";
import type { Rebuilt } from "../namespace/verbs.ts";
import type { Control, Done, Expected, Inspection, Proof, Remains, RunRef, Verification } from "../verbs.ts";

/** The verbs of a whole cluster; what destroys and makes it are those of infrastructure. Types only: workflows read them. */

export interface ClusterInput {
  run: RunRef;
  component: ClusterComponent;
  access: ClusterAccess;
  /** Missing where nothing brings anything back but the infrastructure itself. */
  gitops?: Gitops | undefined;
  checks: Check[];
  /** The volumes that the run restores. */
  saved: Pick<LonghornComponent, "namespace" | "claim" | "volume">[];
}

/** @see ClusterVerbs.recall */
export interface Recalled extends Inspection {
  /** Why nobody can tell how it was reached; null where somebody could be asked. */
  unknown: string | null;
}

export interface ClusterVerbs {
  /** Who the cluster is, its nodes and layers, and what the checks find now. Changes nothing. */
  inspect(input: ClusterInput): Promise<Done<Inspection>>;
  /** The same after a real loss, when nobody may answer. Changes nothing. */
  recall(input: ClusterInput): Promise<Done<Recalled>>;
  /** Whether the old cluster still answers. */
  confirm(input: ClusterInput & Expected): Promise<Done<Remains>>;
  /** Lets GitOps fetch from Git now. @throws BACKUP_NOT_VERIFIED when it cannot */
  prove(input: ClusterInput): Promise<Done<Proof>>;
  /** The old cluster may not answer any more, and no check may pass. */
  control(input: ClusterInput): Promise<Done<Control>>;
  /**
   * Waits until another cluster answers, with as many ready nodes as the old one had.
   * @throws NOT_RECOVERED, TARGET_EXISTS while it is the old one
   */
  rebuild(input: ClusterInput): Promise<Done<Rebuilt>>;
  /** Waits until every layer of GitOps is ready. @throws NOT_RECOVERED with the root cause */
  settle(input: ClusterInput): Promise<Done<Rebuilt>>;
  /** @throws CHECKS_FAILED */
  verify(input: ClusterInput): Promise<Done<Verification>>;
}
