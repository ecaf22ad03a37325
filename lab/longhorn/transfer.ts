import { mkdir, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { alterOneByte, blocksOf, unpack, usedBytes } from "./archive.ts";
import { type BackupConfig, type BackupStore, blockSize, checksum, parseBackupUrl } from "./backup-store.ts";
import { formatOf, setFormat } from "./encryption.ts";
import { now } from "./objects.ts";
import type { StandIn } from "./stand-in.ts";

/** Reports a percentage. @returns false to give up: the object that wanted it is gone */
type Report = (progress: number) => Promise<boolean>;

export interface WhatToBackUp {
  name: string;
  volume: string;
  /** Bytes, as the Volume says. */
  size: string;
  snapshot: string;
  snapshotCreatedAt: string;
  labels: Record<string, string>;
  storageClass: string;
}

/** Nothing moves at 37 % until the order or the object is gone. */
async function stuck(standIn: StandIn, order: "backup-stuck" | "restore-stuck", volume: string, report: Report) {
  while (await standIn.ordered(order, volume)) {
    if (!(await report(37))) return;
    await sleep(500);
  }
}

/** Puts the files of a snapshot into the store. Blocks that are there are not sent again. */
export async function backUp(standIn: StandIn, store: BackupStore, what: WhatToBackUp, report: Report): Promise<void> {
  const { name, volume, size, snapshot, snapshotCreatedAt, labels, storageClass } = what;
  const folder = standIn.snapshotOf(volume, snapshot);
  const expected = Math.max(1, Math.ceil((await usedBytes(folder)) / blockSize));
  const present = await store.blocks(volume);
  const isFirst = present.size === 0;
  const blocks: BackupConfig["Blocks"] = [];
  let [total, uploaded] = [0, 0];
  if (await standIn.ordered("backup-error", volume)) throw new Error("failed to write data during saving blocks");
  for await (const block of blocksOf(folder)) {
    const sum = checksum(block);
    blocks.push({ Offset: total, BlockChecksum: sum });
    const key = store.keys.block(volume, sum);
    if (!present.has(key)) {
      await store.writeBlock(volume, sum, block);
      present.add(key);
      uploaded += block.length;
    }
    total += block.length;
    if (await standIn.ordered("slow", volume)) await sleep(500);
    await stuck(standIn, "backup-stuck", volume, report);
    if (!(await report(Math.min(99, Math.floor((100 * blocks.length) / expected))))) return;
  }
  const CompressionMethod = "gzip";
  const CreatedTime = now();
  await store.writeBackup({
    Name: name,
    VolumeName: volume,
    SnapshotName: snapshot,
    SnapshotCreatedAt: snapshotCreatedAt,
    CreatedTime,
    Size: String(total),
    Labels: labels,
    IsIncremental: !isFirst,
    CompressionMethod,
    NewlyUploadedDataSize: String(uploaded),
    ReUploadedDataSize: "0",
    BlockSize: String(blockSize),
    Format: await formatOf(standIn, volume),
    Blocks: blocks,
  });
  const before = isFirst ? undefined : await store.volume(volume).catch(() => undefined);
  await store.writeVolume({
    Name: volume,
    Size: size,
    Labels: labels,
    CreatedTime: before?.CreatedTime ?? CreatedTime,
    LastBackupName: name,
    LastBackupAt: CreatedTime,
    BlockCount: String(present.size),
    BackingImageName: "",
    BackingImageChecksum: "",
    CompressionMethod,
    StorageClassName: storageClass,
    DataEngine: "v1",
  });
}

/** Makes a volume's folder hold what a backup holds. @throws when the store has it not, or not whole */
export async function restore(
  standIn: StandIn,
  store: BackupStore,
  volume: string,
  url: string,
  report: Report,
): Promise<void> {
  const folder = standIn.folderOf(volume);
  const config = await chosenBackup(standIn, store, volume, url);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o777 });
  await setFormat(standIn, volume, config.Format);
  if (await standIn.ordered("restore-faulted", volume)) throw new Error("failed to read data during restoring blocks");
  let done = 0;
  async function* blocks() {
    for (const { BlockChecksum } of config.Blocks) {
      yield await store.readBlock(config.VolumeName, BlockChecksum);
      done += 1;
      if (await standIn.ordered("slow", volume)) await sleep(500);
      await stuck(standIn, "restore-stuck", volume, report);
      if (!(await report(Math.min(99, Math.floor((100 * done) / config.Blocks.length))))) return;
    }
  }
  if (await standIn.ordered("restore-empty", volume)) return;
  await unpack(folder, blocks());
  if (await standIn.ordered("restore-altered", volume)) await alterOneByte(folder);
}

/** The one that was asked for, unless another one was ordered. */
async function chosenBackup(standIn: StandIn, store: BackupStore, volume: string, url: string): Promise<BackupConfig> {
  const asked = parseBackupUrl(url);
  if (await standIn.ordered("restore-older", volume)) {
    const all = await Promise.all((await store.backups(asked.volume)).map((name) => store.backup(asked.volume, name)));
    const sorted = all.toSorted((a, b) => a.CreatedTime.localeCompare(b.CreatedTime));
    const at = sorted.findIndex(({ Name }) => Name === asked.backup);
    const older = sorted[at - 1];
    if (older === undefined) throw new Error(`${asked.volume} has no backup that is older than ${asked.backup}`);
    return older;
  }
  if (await standIn.ordered("restore-foreign", volume)) {
    const other = (await store.volumes()).find((name) => name !== asked.volume);
    if (other === undefined) throw new Error("the store has no other volume");
    return await store.backup(other, (await store.volume(other)).LastBackupName);
  }
  return await store.backup(asked.volume, asked.backup);
}
