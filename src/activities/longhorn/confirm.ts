import { fail } from "../../failures.ts";
import type { ClusterAccess } from "../../plan/access-schema.ts";
import type { LonghornComponent } from "../../plan/longhorn-schema.ts";
import { requireCluster, type Session, withCluster } from "../kubernetes/session.ts";
import type { StepContext } from "../step.ts";
import type { Expected, Remains } from "../verbs.ts";
import { aimsOf } from "./aims.ts";
import { findTarget } from "./backup-target.ts";
import { longhornNamespace, volumes } from "./kinds.ts";
import { intendedLoss, knownVolume, pinnedBackup } from "./known.ts";
import { readPinned, withStore } from "./pin.ts";
import { readBlocks } from "./stored-backup.ts";

type Input = { component: LonghornComponent; access: ClusterAccess } & Expected;

/** Whether the volume is still as gone as the run that is resumed left it, or is the very one that it has put back. */
export async function confirmLonghorn(input: Input, context: StepContext): Promise<Remains> {
  const { component, access } = input;
  const known = await knownVolume(context, component.name).find();
  const begun = await intendedLoss(context, component.name).find();
  return await withCluster(access, context, async (session) => {
    if (known === undefined || begun === undefined)
      return { target: "there", note: `${component.name} was not deleted by that run` };
    requireCluster(session, known.cluster);
    const { name, uid } = known.volume.metadata;
    const live = await session.cluster.get(volumes, name, longhornNamespace);
    if (live?.metadata.uid === uid) {
      if (input.lost) throw fail("TARGET_EXISTS", `the run that is resumed deleted volume ${name}, and it is there`);
      return { target: "there", note: `volume ${name} is there` };
    }
    return await whatIsBack(session, input, known, context);
  });
}

async function whatIsBack(
  { cluster }: Session,
  { component, placing, backup }: Input,
  known: Parameters<typeof aimsOf>[1],
  context: StepContext,
): Promise<Remains> {
  const pinned = await pinnedBackup(context, component.name).find();
  if (pinned === undefined) return { target: "gone", note: `the volume of ${component.name} is gone` };
  const { volume: name } = aimsOf(component, known, context.run, pinned.volume);
  const restored = await cluster.get(volumes, name, longhornNamespace);
  if (placing && restored?.spec?.["fromBackup"] === pinned.url)
    return { target: "placed", note: `volume ${name} is the one that was put back` };
  if (backup !== null) {
    const target = await findTarget(cluster, pinned.target);
    await withStore(target, component.store, context.signal, async (store) =>
      readBlocks(store, await readPinned(store, pinned), context),
    );
  }
  return { target: "gone", note: `volume ${name} is gone${backup === null ? "" : `; ${backup} is whole`}` };
}
