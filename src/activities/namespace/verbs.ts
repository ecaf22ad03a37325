import type { ClusterAccess } from "../../plan/access-schema.ts";
import type { NamespaceComponent } from "../../plan/namespace-schema.ts";
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

/** It has no backup of its own: Git holds what it is made of, and other components what data it has. */
export interface NamespaceVerbs {
  /** Lists every object, and finds out who would bring it back. Changes nothing. */
  inspect(input: NamespaceInput): Promise<Done<Inspection>>;
  /** @throws TARGET_EXISTS when what this run has destroyed is there again under its old uid */
  confirm(input: NamespaceInput & Expected): Promise<Done<Remains>>;
  /** Asks Git, registries and GitOps, right before the destruction, whether they still have all that will be needed. */
  prove(input: NamespaceInput & { inspection: Inspection }): Promise<Done<Proof>>;
  destroy(input: NamespaceInput & { inspection: Inspection; proof: Proof }): Promise<Done<Loss>>;
  /** Nothing of the old namespace may be there any more, and no check from outside may be answered. */
  control(input: NamespaceInput): Promise<Done<Control>>;
  /** @throws NOT_RECOVERED with the root cause of what is not back in time */
  rebuild(input: NamespaceInput): Promise<Done<Rebuilt>>;
  verify(input: NamespaceInput): Promise<Done<Verification>>;
}
