import type { ClusterAccess } from "../../plan/access-schema.ts";
import type { WorkloadComponent } from "../../plan/workload-schema.ts";
import type { Rebuilt } from "../namespace/verbs.ts";
import type {
  Control,
  Done,
  Expected,
  Inspection,
  Loss,
  Planted,
  Proof,
  Remains,
  RunRef,
  Verification,
} from "../verbs.ts";

/** The verbs of a workload. Types only: workflows read them. */

export interface WorkloadInput {
  run: RunRef;
  component: WorkloadComponent;
  access: ClusterAccess;
}

/** It has no backup: its data stays on its volumes, and its controller makes its pods again. */
export interface WorkloadVerbs {
  /** Looks at its pods, where they run, and what they need to start again. Changes nothing. */
  inspect(input: WorkloadInput): Promise<Done<Inspection>>;
  confirm(input: WorkloadInput & Expected): Promise<Done<Remains>>;
  /** Writes the sentinel into each of its volumes, and notes what every file there is. */
  plant(input: WorkloadInput): Promise<Done<Planted>>;
  /** Reads the sentinel back, and asks registries and the checks from outside, right before the destruction. */
  prove(input: WorkloadInput & { inspection: Inspection }): Promise<Done<Proof>>;
  destroy(input: WorkloadInput & { inspection: Inspection; proof: Proof }): Promise<Done<Loss>>;
  /** Nothing of the old pods may be there any more. */
  control(input: WorkloadInput): Promise<Done<Control>>;
  /** @throws NOT_RECOVERED with the root cause of what is not back in time */
  rebuild(input: WorkloadInput): Promise<Done<Rebuilt>>;
  verify(input: WorkloadInput): Promise<Done<Verification>>;
}
