import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";

/**
 * A backup store as Longhorn lays it out in a bucket: `backupstore/volumes/AB/CD/VOLUME/` with `volume.cfg`, one
 * `backups/backup_NAME.cfg` a backup, and blocks that backups share, each under its checksum. Real: folders, names, fields,
 * checksums and compression. Not real: what the blocks make up is an archive of files, not the image of a disk.
 */

/** As `volume.cfg` has it; numbers are texts. */
export interface VolumeConfig {
  Name: string;
  Size: string;
  Labels: Record<string, string>;
  CreatedTime: string;
  LastBackupName: string;
  LastBackupAt: string;
  BlockCount: string;
  BackingImageName: string;
  BackingImageChecksum: string;
  CompressionMethod: string;
  StorageClassName: string;
  DataEngine: string;
}

/** As `backup_NAME.cfg` has it. */
export interface BackupConfig {
  Name: string;
  VolumeName: string;
  SnapshotName: string;
  SnapshotCreatedAt: string;
  CreatedTime: string;
  Size: string;
  Labels: Record<string, string>;
  IsIncremental: boolean;
  CompressionMethod: string;
  NewlyUploadedDataSize: string;
  ReUploadedDataSize: string;
  BlockSize: string;
  /** Not real: how the disk is formatted, which is in the first blocks otherwise; see `encryption.ts`. */
  Format?: string | undefined;
  Blocks: { Offset: number; BlockChecksum: string }[];
}

/** Longhorn's own. */
export const blockSize = 2 * 1024 * 1024;

export interface Credentials {
  AWS_ACCESS_KEY_ID: string;
  AWS_SECRET_ACCESS_KEY: string;
  AWS_ENDPOINTS?: string;
}

export type BackupStore = ReturnType<typeof openStore>;

/** @param url `s3://BUCKET@REGION/` */
export function openStore(url: string, credentials: Credentials) {
  const { username, host, pathname } = new URL(url);
  const [bucket, region] = username === "" ? [host, "us-east-1"] : [username, host];
  const base = `${pathname.replace(/^\/|\/$/g, "")}/backupstore/volumes/`.replace(/^\//, "");
  const s3 = new S3Client({
    region,
    endpoint: credentials.AWS_ENDPOINTS ?? `https://s3.${region}.amazonaws.com`,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: credentials.AWS_ACCESS_KEY_ID, secretAccessKey: credentials.AWS_SECRET_ACCESS_KEY },
  });
  const folder = (volume: string) => {
    const sum = checksum(volume);
    return `${base}${sum.slice(0, 2)}/${sum.slice(2, 4)}/${volume}/`;
  };
  const keys = {
    volume: (volume: string) => `${folder(volume)}volume.cfg`,
    backup: (volume: string, name: string) => `${folder(volume)}backups/backup_${name}.cfg`,
    block: (volume: string, sum: string) => `${folder(volume)}blocks/${sum.slice(0, 2)}/${sum.slice(2, 4)}/${sum}.blk`,
  };

  async function list(prefix: string): Promise<string[]> {
    const found: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken }));
      found.push(...(page.Contents ?? []).map(({ Key }) => Key!));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    return found;
  }

  async function read(key: string): Promise<Buffer> {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return Buffer.from(await Body!.transformToByteArray());
  }

  async function write(key: string, body: string | Buffer): Promise<void> {
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
  }

  async function remove(all: string[]): Promise<void> {
    for (let first = 0; first < all.length; first += 1000) {
      const Objects = all.slice(first, first + 1000).map((Key) => ({ Key }));
      await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }));
    }
  }

  const config = async <T>(key: string) => JSON.parse((await read(key)).toString()) as T;
  const backupsOf = async (volume: string) =>
    (await list(`${folder(volume)}backups/`)).flatMap((key) => /backup_(.+)\.cfg$/.exec(key)?.[1] ?? []);

  return {
    keys,
    read,
    write,
    remove,
    /** Names of the volumes that have a `volume.cfg`. */
    volumes: async () => (await list(base)).flatMap((key) => /([^/]+)\/volume\.cfg$/.exec(key)?.[1] ?? []),
    backups: backupsOf,
    volume: async (volume: string) => await config<VolumeConfig>(keys.volume(volume)),
    backup: async (volume: string, name: string) => await config<BackupConfig>(keys.backup(volume, name)),
    writeVolume: async (one: VolumeConfig) => await write(keys.volume(one.Name), JSON.stringify(one)),
    writeBackup: async (one: BackupConfig) => await write(keys.backup(one.VolumeName, one.Name), JSON.stringify(one)),
    removeVolume: async (volume: string) => await remove(await list(folder(volume))),
    /** Removes a backup and the blocks that no other backup of the volume has. */
    removeBackup: async (volume: string, name: string) => {
      await remove([keys.backup(volume, name)]);
      const kept = new Set<string>();
      for (const other of await backupsOf(volume))
        for (const { BlockChecksum } of (await config<BackupConfig>(keys.backup(volume, other))).Blocks)
          kept.add(keys.block(volume, BlockChecksum));
      await remove((await list(`${folder(volume)}blocks/`)).filter((key) => !kept.has(key)));
    },
    blocks: async (volume: string) => new Set(await list(`${folder(volume)}blocks/`)),
    writeBlock: async (volume: string, sum: string, block: Buffer) =>
      await write(keys.block(volume, sum), gzipSync(block, { level: 1 })),
    /** @throws when the block is not there, or not what its name says */
    readBlock: async (volume: string, sum: string) => {
      const block = gunzipSync(await read(keys.block(volume, sum)));
      if (checksum(block) !== sum) throw new Error(`block ${sum} of ${volume} has another checksum`);
      return block;
    },
  };
}

/** Longhorn keeps the first 64 of SHA-512's digits. */
export function checksum(data: string | Buffer): string {
  return createHash("sha512").update(data).digest("hex").slice(0, 64);
}

/** What a Backup's `status.url` says: the target's own address, and what to take from there. */
export function backupUrl(target: string, name: string, volume: string): string {
  return `${target}?${String(new URLSearchParams({ backup: name, volume }))}`;
}

export function parseBackupUrl(url: string): { backup: string; volume: string } {
  const { searchParams } = new URL(url);
  return { backup: searchParams.get("backup") ?? "", volume: searchParams.get("volume") ?? "" };
}
