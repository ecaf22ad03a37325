import type { ComponentFacts, Names } from "../../guard/facts.ts";
import type { Layer } from "../../plan/infrastructure-schema.ts";
import type { ClusterInput } from "../cluster/verbs.ts";
import type { DataComponent } from "../../plan/schema.ts";
import type { Done, RunRef } from "../verbs.ts";
import type { StepContext } from "../step.ts";

/** The verbs of a layer of infrastructure, and the small JSON that flows between them. Types only: workflows read them. */

export interface LayerInput<L extends Layer = Layer> {
  run: RunRef;
  layer: L;
}

/** The state of a root module or of a unit of Terragrunt; without values, which may be secret. */
export interface UnitState {
  /** Path of the unit below the layer's directory; empty where the layer is one root module. */
  unit: string;
  workspace: string;
  /** Type and place of its backend: "s3 homelab-state/dev/cluster.tfstate". */
  backend: string;
  /** Empty when there is no state yet. */
  lineage: string;
  serial: number;
  /** Resources that the program manages, each instance counted. */
  resources: number;
}

export interface LayerInspection {
  facts: ComponentFacts;
  /** In the order of applying; empty for a command. */
  states: UnitState[];
  note: string;
}

export interface PlannedDestruction {
  /** sha256 of all that was planned, as it lies in the run's directory: exactly this is destroyed. */
  id: string;
  /** ISO 8601 in UTC. */
  at: string;
  /** Those of the inspection, with what the plan would destroy unexpectedly, or may not destroy. */
  facts: ComponentFacts;
  /** The states for which it was planned. */
  states: UnitState[];
  count: number;
  destroys: Names;
  /** What stays in the states, or would be forgotten by them without being destroyed. */
  kept: Names;
  note: string;
}

export interface LayerLoss {
  /** ISO 8601 in UTC: nothing was destroyed before. */
  lostAt: string;
  /** Resources. */
  destroyed: number;
  note: string;
}

export interface LayerBuilt {
  /** ISO 8601 in UTC. */
  builtAt: string;
  resources: number;
  states: UnitState[];
  /** What its states had when they were planned, and have no longer. */
  missing: Names;
  note: string;
}

/** `inspection` and `planned` are what the verbs before have returned in this run. */
export interface LayerVerbs<L extends Layer = Layer> {
  /** Prepares the directory (`init`) and reads who it is. Changes no infrastructure. */
  inspect(input: LayerInput<L>): Promise<Done<LayerInspection>>;
  /** Plans the destruction and saves it. Changes no infrastructure. @throws STATE_LOCKED */
  plan(input: LayerInput<L> & { inspection: LayerInspection }): Promise<Done<PlannedDestruction>>;
  /**
   * Carries out the saved plan, and looks whether nothing is left.
   * `data`: whose pinned backups must still be in their stores. `cluster`: what goes with it, and is asked from outside meanwhile.
   * `isFirst`: nothing of the cluster was destroyed before, so that no volume may be in it that nobody restores.
   * @throws BACKUP_NOT_VERIFIED, IDENTITY_CHANGED, STATE_CHANGED, REFUSED before anything is touched; NOT_DESTROYED, STATE_LOCKED, TIMED_OUT
   */
  destroy(
    input: LayerInput<L> & {
      inspection: LayerInspection;
      planned: PlannedDestruction;
      data?: DataComponent[];
      cluster?: Omit<ClusterInput, "run">;
      isFirst?: boolean;
    },
  ): Promise<Done<LayerLoss>>;
  /**
   * Safe to call when all is there already.
   * `cluster`: of which layers of GitOps are to be held back as soon as it is there.
   * @throws NOT_BUILT, STATE_LOCKED, TIMED_OUT
   */
  apply(
    input: LayerInput<L> & { planned: PlannedDestruction | null; cluster?: Omit<ClusterInput, "run"> },
  ): Promise<Done<LayerBuilt>>;
}

/** The same as the code of a kind writes it: an activity is made of it in one place. */
export type LayerCode<L extends Layer> = {
  [K in keyof LayerVerbs<L>]: (
    input: Parameters<LayerVerbs<L>[K]>[0],
    context: StepContext,
  ) => Promise<Awaited<ReturnType<LayerVerbs<L>[K]>>["value"]>;
};
