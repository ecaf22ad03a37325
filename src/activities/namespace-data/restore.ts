import { requireRemade } from "../namespace/same.ts";
import { recallInventory } from "../namespace/memory.ts";
import { withCluster } from "../kubernetes/session.ts";
import { restorePgDump } from "../pgdump/restore.ts";
import { toBackup } from "../pgdump/sets.ts";
import type { StepContext } from "../step.ts";
import type { Backup, Restored } from "../verbs.ts";
import { isShutOut, shutOut } from "./fence.ts";
import { requireServer } from "./server.ts";
import { dumpOf, stateOfData } from "./state.ts";
import type { DataInput } from "./verbs.ts";

type Input = Omit<DataInput, "run"> & { backup: Backup | null; toTime: string | null };

export async function restoreNamespaceData(
  { component, holder, access, backup, toTime }: Input,
  context: StepContext,
): Promise<Restored> {
  await withCluster(access, context, async (session) => {
    await requireRemade(session, holder.namespace, await recallInventory(context, holder.name));
    await requireServer(session, holder, component);
  });
  const dump = await dumpOf(component, backup, toTime, context);
  // Once it is shut out it was lost, and nobody can look into it.
  const state = (await isShutOut(component, context)) ? "lost" : await stateOfData(component, dump, context);
  if (state === "kept" && dump !== undefined)
    return {
      place: component.database,
      backup: toBackup(component, dump),
      waits: [],
      note: `nothing to restore: ${component.database} came back with its volume`,
    };
  await shutOut(component, context);
  return await restorePgDump({ component, backup, toTime }, context);
}
