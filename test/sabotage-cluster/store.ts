import { DeleteObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { BackupConfig } from "../../lab/longhorn/backup-store.ts";
import { awsCredentials, s3Endpoint } from "../../lab/services/services.ts";
import type { Stage } from "./stage.ts";

/** What a row does to the store, as somebody would who has its keys. */

/** The newest backup of the drill's volume. @throws where there is none */
export async function newestBackup(stage: Stage, volume?: string): Promise<{ volume: string; config: BackupConfig }> {
  const store = stage.store();
  const name = volume ?? (await stage.volume());
  const all = await Promise.all((await store.backups(name)).map((one) => store.backup(name, one)));
  const newest = all.toSorted((a, b) => a.SnapshotCreatedAt.localeCompare(b.SnapshotCreatedAt)).at(-1);
  if (newest === undefined) throw new Error(`volume ${name} has no backup`);
  return { volume: name, config: newest };
}

/** Any bucket of MinIO. */
export function objectStore({ stage: { services } }: Stage, Bucket: string) {
  const { region, ...credentials } = awsCredentials;
  const s3 = new S3Client({ region, endpoint: s3Endpoint(services), forcePathStyle: true, credentials });
  return {
    write: async (Key: string, Body: string) => void (await s3.send(new PutObjectCommand({ Bucket, Key, Body }))),
    remove: async (keys: string[]) => {
      for (const Key of keys) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    },
  };
}

/** Names of the volumes of which the store has a backup. */
export async function volumesOf(stage: Stage): Promise<string[]> {
  const store = stage.store();
  const all = await store.volumes();
  const counts = await Promise.all(all.map(async (volume) => (await store.backups(volume)).length));
  return all.filter((_, index) => counts[index]! > 0);
}
