import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import prettyBytes from "pretty-bytes";
import { fail } from "../../failures.ts";
import type { Store } from "../s3/store.ts";
import type { StepContext } from "../step.ts";
import { readLz4 } from "./lz4.ts";

/** A backup as it lies in the store, by the files that Longhorn's backupstore writes. */

export interface StoredBackup {
  name: string;
  volume: string;
  /** ISO 8601 in UTC, as the engine wrote it: all that was written before comes back. */
  snapshotCreatedAt: string;
  /** Of the volume, in bytes. */
  volumeSize: number;
  /** sha256 of its list of blocks with their checksums: the same list, the same data. */
  sha256: string;
  compression: string;
  /** Checksums of its blocks, each once; each names the file that holds it. */
  blocks: string[];
}

const checksumLength = 64;

function checksumOf(data: Buffer | string): string {
  return createHash("sha512").update(data).digest("hex").slice(0, checksumLength);
}

/** Folder of a volume's backups. */
function folderOf(volume: string): string {
  const checksum = checksumOf(volume);
  return `backupstore/volumes/${checksum.slice(0, 2)}/${checksum.slice(2, 4)}/${volume}`;
}

/** Name and volume in the address of a backup, "s3://bucket@region/?backup=…&volume=…". */
export function addressed(url: string): { backup: string; volume: string } {
  const query = new URLSearchParams(url.split("?")[1] ?? "");
  return { backup: query.get("backup") ?? "", volume: query.get("volume") ?? "" };
}

interface VolumeFile {
  Name: string;
  Size: string;
}

interface BackupFile {
  Name: string;
  VolumeName: string;
  SnapshotCreatedAt: string;
  /** Empty while it is being written. */
  CreatedTime: string;
  CompressionMethod?: string;
  Blocks?: { Offset: number; BlockChecksum: string }[];
}

/** Reads what the store itself says of a backup. @throws BACKUP_NOT_VERIFIED where it is not there, or not whole */
export async function readStored(store: Store, { backup, volume }: { backup: string; volume: string }) {
  const folder = folderOf(volume);
  const [aboutKey, key] = [`${folder}/volume.cfg`, `${folder}/backups/backup_${backup}.cfg`];
  const about = parsed(store, aboutKey, await readText(store, aboutKey)) as VolumeFile;
  const text = await readText(store, key);
  const content = parsed(store, key, text) as BackupFile;
  if (about.Name !== volume || content.Name !== backup || content.VolumeName !== volume)
    throw damaged(store, `${backup} is that of volume ${content.VolumeName}, under the name ${content.Name}`);
  if (content.CreatedTime === "") throw damaged(store, `${backup} was never completed`);
  const stored: StoredBackup = {
    name: backup,
    volume,
    snapshotCreatedAt: new Date(content.SnapshotCreatedAt).toISOString(),
    volumeSize: Number(about.Size),
    sha256: createHash("sha256").update(text).digest("hex"),
    compression: content.CompressionMethod ?? "gzip",
    blocks: [...new Set((content.Blocks ?? []).map(({ BlockChecksum }) => BlockChecksum))],
  };
  return stored;
}

async function readText(store: Store, key: string): Promise<string> {
  const bytes = await store.read(key);
  if (bytes === undefined) throw damaged(store, `${key} is not there`);
  return bytes.toString("utf8");
}

function parsed(store: Store, key: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw damaged(store, `${key} is no JSON: it was cut or overwritten`);
  }
}

/** Requests to the store at a time. */
const lanes = 8;

/**
 * Reads every block of a backup and compares it with its checksum.
 * @returns bytes of data, as they are on the volume
 * @throws BACKUP_NOT_VERIFIED naming the first block that is missing, cut or altered
 */
export async function readBlocks(
  store: Store,
  { volume, blocks, compression }: StoredBackup,
  { progress, signal }: Pick<StepContext, "progress" | "signal">,
): Promise<number> {
  const waiting = [...blocks];
  let bytes = 0;
  let done = 0;
  async function work(): Promise<void> {
    for (let checksum = waiting.pop(); checksum !== undefined; checksum = waiting.pop()) {
      signal.throwIfAborted();
      bytes += await readOne(store, volume, checksum, compression);
      done += 1;
      progress(`read back ${done} of ${blocks.length} blocks, ${prettyBytes(bytes, { binary: true })}`);
    }
  }
  await Promise.all(Array.from({ length: lanes }, work));
  return bytes;
}

async function readOne(store: Store, volume: string, checksum: string, compression: string): Promise<number> {
  const key = `${folderOf(volume)}/blocks/${checksum.slice(0, 2)}/${checksum.slice(2, 4)}/${checksum}.blk`;
  const file = await store.read(key);
  if (file === undefined) throw damaged(store, `block ${key} is not there`);
  let data: Buffer;
  try {
    data = decompress(file, compression);
  } catch (error) {
    throw damaged(store, `block ${key} cannot be read: ${(error as Error).message}`);
  }
  if (checksumOf(data) !== checksum) throw damaged(store, `block ${key} is not what was written`);
  return data.length;
}

function decompress(file: Buffer, compression: string): Buffer {
  if (compression === "lz4") return readLz4(file);
  if (compression === "gzip") return gunzipSync(file);
  if (compression === "none") return file;
  throw new Error(`it is compressed by ${compression}, which this version does not know`);
}

function damaged(store: Store, what: string) {
  return fail(
    "BACKUP_NOT_VERIFIED",
    `in the store ${store.name}: ${what}`,
    "Do not rely on this backup: abort, look at the store, and make a new backup.",
  );
}
