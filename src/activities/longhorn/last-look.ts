import type { LonghornComponent } from "../../plan/longhorn-schema.ts";
import type { StepContext } from "../step.ts";
import { pinnedBackup } from "./known.ts";
import { readPinned, withStore } from "./pin.ts";

/**
 * Looks once more at the pinned backup in its store, right before its volume goes with the whole cluster: since it was proven,
 * hours may have passed in which people were asked.
 * @throws BACKUP_NOT_VERIFIED where it is gone, or another one by now
 */
export async function requireStillThere(component: LonghornComponent, context: StepContext): Promise<void> {
  const pinned = await pinnedBackup(context, component.name).recall();
  const target = { name: pinned.target, url: pinned.url };
  await withStore(target, component.store, context.signal, async (store) => await readPinned(store, pinned));
}
