import type { ClusterAccess } from "../../plan/access-schema.ts";
import type { NamespaceComponent } from "../../plan/namespace-schema.ts";
import type { PgDumpComponent } from "../../plan/schema.ts";
import type { Control, Done, Expected, Inspection, Loss, Proof, Remains, RunRef, Verification } from "../verbs.ts";

/** The verbs of a namespace. Types only: workflows read them. */

export interface NamespaceInput {
  run: RunRef;
  component: NamespaceComponent;
  access: ClusterAccess;
}

export interface Rebuilt {
  /** Times in which only the cluster was busy: pods that start, volumes that bind. */
  waits: { from: string; to: string }[];
  note: string;
}

/** A database that goes with the namespace, and the proof of this run's dump of it. */
export interface DataProof {
  component: PgDumpComponent;
  proof: Proof;
}

/** It has no backup of its own: Git holds what it is made of, and other components what data it has. */
export interface NamespaceVerbs {
  /** Lists every object, and finds out who would bring it back. Changes nothing. */
  inspect(input: NamespaceInput): Promise<Done<Inspection>>;
  /**
   * Finds out, after a real loss, what must come back: by what GitOps holds, and by what the newest run knew that has seen it whole.
   * @throws NOT_RECOVERED where nobody would bring it back
   */
  recall(input: NamespaceInput): Promise<Done<Inspection>>;
  /** @throws TARGET_EXISTS when what this run has destroyed is there again under its old uid */
  confirm(input: NamespaceInput & Expected): Promise<Done<Remains>>;
  /** Asks Git, registries and GitOps, right before the destruction, whether they still have all that will be needed. */
  prove(input: NamespaceInput & { inspection: Inspection }): Promise<Done<Proof>>;
  /** @param input.data missing where there is none */
  destroy(input: NamespaceInput & { inspection: Inspection; proof: Proof; data?: DataProof[] }): Promise<Done<Loss>>;
  /** Nothing of the old namespace may be there any more, and no check from outside may be answered. */
  control(input: NamespaceInput): Promise<Done<Control>>;
  /**
   * Begins the rebuild, and watches until the servers of its data answer.
   * @throws NOT_RECOVERED with the root cause of what is not back in time
   */
  reach(input: NamespaceInput & { data: PgDumpComponent[] }): Promise<Done<Rebuilt>>;
  /** @throws NOT_RECOVERED with the root cause of what is not back in time */
  rebuild(input: NamespaceInput): Promise<Done<Rebuilt>>;
  verify(input: NamespaceInput): Promise<Done<Verification>>;
}
