import type { LonghornComponent } from "../../plan/longhorn-schema.ts";
import type { RunRef } from "../verbs.ts";
import type { KnownVolume } from "./known.ts";
import { type Names, scratchName } from "./wish.ts";

/** Whether a run puts what it restores into the place of what was lost. */
export function replaces({ type, scenario }: Pick<RunRef, "type" | "scenario">): boolean {
  return type === "restore" || scenario !== "none";
}

/** Under which names a run restores. Pure. @param known null where the volume was lost with all that told of it */
export function aimsOf(component: LonghornComponent, known: KnownVolume | null, run: RunRef, source: string): Names {
  const namespace = known?.claim?.metadata.namespace ?? component.namespace ?? "default";
  if (!replaces(run)) {
    const scratch = scratchName(component, run);
    return { volume: scratch, namespace, claim: scratch };
  }
  const volume = component.volume ?? known?.volume.metadata.name ?? source;
  return { volume, namespace, claim: known?.claim?.metadata.name ?? component.claim ?? volume };
}
