import type { Misbehaviour } from "../../lab/longhorn/orders.ts";
import type { Sabotage } from "./driver.ts";
import { newestBackup } from "./store.ts";
import { letLonghornLook, type Stage } from "./stage.ts";

/** What is wrong with the backup itself, or becomes so before anything is destroyed. */

const soon = () => ({ volume: { standstill: "8s" } });
/** What is damaged stays so, and later backups of the volume would use the same blocks. */
const forget = async (stage: Stage) => {
  const volume = await stage.volume();
  if (volume !== "") await stage.store().removeVolume(volume);
  await letLonghornLook(stage);
};

const misbehaves = (
  name: string,
  misbehave: Misbehaviour,
  how: string,
  at: "backup/data" | "backup/proof/data",
  says: RegExp,
): Sabotage => ({
  name,
  how: `Longhorn's stand-in ${how}`,
  before: (stage) => stage.order(misbehave),
  plan: soon,
  verdict: "FAIL",
  at,
  says,
  undo: forget,
});

export const backups: Sabotage[] = [
  misbehaves(
    "the backup never completes",
    "backup-stuck",
    "stays InProgress at 37 %",
    "backup/data",
    /standing still since .*InProgress, 37 %/,
  ),
  misbehaves(
    "the backup fails",
    "backup-error",
    "says Error of the Backup",
    "backup/data",
    /Longhorn says Error of backup .*failed to write data/,
  ),
  misbehaves(
    "Completed, but the backup is not in the store",
    "backup-config-missing",
    "says Completed and has removed backup_….cfg",
    "backup/data",
    /backup_.*\.cfg is not there/,
  ),
  misbehaves(
    "Completed, but the backup is cut",
    "backup-config-truncated",
    "says Completed and has cut backup_….cfg to its half",
    "backup/data",
    /is no JSON: it was cut or overwritten/,
  ),
  misbehaves(
    "Completed, but a block is not in the store",
    "backup-block-missing",
    "says Completed and has removed a block",
    "backup/proof/data",
    /block .* is not there/,
  ),
  misbehaves(
    "Completed, but a block is cut",
    "backup-block-truncated",
    "says Completed and has cut a block to its half",
    "backup/proof/data",
    /block .* cannot be read/,
  ),
  {
    name: "a block is another one",
    how: "a block of the backup is overwritten in MinIO by a well compressed block of other bytes",
    when: "backup/proof/data",
    does: async (stage) => {
      const store = stage.store();
      const { volume, config } = await newestBackup(stage);
      await store.writeBlock(volume, config.Blocks[0]!.BlockChecksum, Buffer.alloc(2 * 1024 * 1024, "no"));
    },
    verdict: "FAIL",
    at: "backup/proof/data",
    says: /block .* is not what was written/,
    undo: forget,
  },
  {
    name: "the backup of another volume",
    how: "backup_….cfg is replaced in MinIO by that of another volume under this backup's name",
    when: "backup/proof/data",
    does: async (stage) => {
      const store = stage.store();
      const { volume, config } = await newestBackup(stage);
      await store.write(store.keys.backup(volume, config.Name), JSON.stringify({ ...config, VolumeName: "other" }));
    },
    verdict: "FAIL",
    at: "backup/proof/data",
    says: /is that of volume other, under the name firedrill-/,
    undo: forget,
  },
  {
    name: "the backup is swapped after it was pinned",
    how: "backup_….cfg is replaced in MinIO by one with an older backup's list of blocks",
    when: "backup/proof/data",
    does: async (stage) => {
      const store = stage.store();
      const { volume, config } = await newestBackup(stage);
      const Blocks = config.Blocks.slice(0, -1);
      await store.write(store.keys.backup(volume, config.Name), JSON.stringify({ ...config, Blocks }));
    },
    verdict: "FAIL",
    at: "backup/proof/data",
    says: /it is another one than the one that was pinned/,
    undo: forget,
  },
  {
    name: "retention deletes the proven backup before the destruction",
    how: "the pinned backup and its blocks are removed from MinIO after they were proven",
    when: "destroy/layer/machines",
    does: async (stage) => {
      const { volume, config } = await newestBackup(stage);
      await stage.store().removeBackup(volume, config.Name);
    },
    verdict: "FAIL",
    at: "destroy/layer/machines",
    says: /backup_.*\.cfg is not there/,
    undo: forget,
  },
];
