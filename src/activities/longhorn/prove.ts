import prettyBytes from "pretty-bytes";
import { fail } from "../../failures.ts";
import type { ClusterAccess } from "../../plan/access-schema.ts";
import type { LonghornComponent } from "../../plan/longhorn-schema.ts";
import { targetOf } from "../../plan/target.ts";
import { withCluster } from "../kubernetes/session.ts";
import type { StepContext } from "../step.ts";
import type { Backup, Proof } from "../verbs.ts";
import { findTarget } from "./backup-target.ts";
import { fitting, listBackups, wantedOf } from "./choose.ts";
import { findVolume } from "./find-volume.ts";
import { specOf, textIn } from "./kinds.ts";
import { type Pinned, pinnedBackup } from "./known.ts";
import { pin, readPinned, recordOf, withStore } from "./pin.ts";
import { readBlocks } from "./stored-backup.ts";

interface Input {
  component: LonghornComponent;
  access: ClusterAccess;
  backup: Backup | null;
}

/**
 * Reads the whole backup out of the store, by the worker's own eyes: its files, and every block, whose checksum must be the one
 * in the list.
 * @throws BACKUP_NOT_VERIFIED, NO_BACKUP
 */
export async function proveLonghorn({ component, access, backup }: Input, context: StepContext): Promise<Proof> {
  return await withCluster(access, context, async ({ cluster }) => {
    if (backup !== null) {
      const pinned = await pinnedBackup(context, component.name).recall();
      const target = await findTarget(cluster, pinned.target);
      return await withStore(
        target,
        component.store,
        context.signal,
        async (store) => await readWhole(store, pinned, context),
      );
    }
    const { volume } = await findVolume(cluster, component);
    const target = await findTarget(cluster, volume && (textIn(specOf(volume), "backupTargetName") || undefined));
    const [newest] = fitting(await listBackups(cluster), wantedOf(component, volume?.metadata.name), null);
    if (newest === undefined) throw fail("NO_BACKUP", `there is no backup of ${targetOf(component)}`);
    return await withStore(target, component.store, context.signal, async (store) => {
      const pinned = await pin(store, target, newest.backup);
      const proof = await readWhole(store, pinned, context);
      return { ...proof, newest: { backup: recordOf(pinned), takenAt: pinned.snapshotCreatedAt, whole: true } };
    });
  });
}

async function readWhole(
  store: Parameters<Parameters<typeof withStore>[3]>[0],
  pinned: Pinned,
  context: StepContext,
): Promise<Proof> {
  const stored = await readPinned(store, pinned);
  const bytes = await readBlocks(store, stored, context);
  return {
    backupId: pinned.name,
    verifiedAt: new Date().toISOString(),
    note: `${stored.blocks.length} blocks read back from ${store.name}, ${prettyBytes(bytes, { binary: true })}, each with its checksum`,
  };
}
