import { fail } from "../../failures.ts";
import type { BackupStoreAccess } from "../../plan/longhorn-schema.ts";
import type { BackupRecord } from "../../report/record.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { openStore, type Store } from "../s3/store.ts";
import type { Target } from "./backup-target.ts";
import { placeBehind } from "./backup-target.ts";
import { statusOf, textIn } from "./kinds.ts";
import type { Pinned } from "./known.ts";
import { addressed, readStored, type StoredBackup } from "./stored-backup.ts";

/** Lets `use` look into the store behind a backup target, by the worker's own eyes. */
export async function withStore<T>(
  target: Pick<Target, "name" | "url">,
  access: BackupStoreAccess,
  signal: AbortSignal,
  use: (store: Store) => Promise<T>,
): Promise<T> {
  const store = await openStore(placeBehind(target), access, signal);
  try {
    return await use(store);
  } finally {
    store.close();
  }
}

/** What Longhorn says of a backup that is complete, and what the store itself says of it. @throws BACKUP_NOT_VERIFIED where they differ */
export async function pin(store: Store, target: Target, backup: KubernetesObject): Promise<Pinned> {
  const status = statusOf(backup);
  const url = textIn(status, "url");
  const { name } = backup.metadata;
  const at = addressed(url);
  const volume = textIn(status, "volumeName") || at.volume;
  if (at.backup !== name || at.volume !== volume)
    throw differs(`its address is that of backup ${at.backup} of volume ${at.volume}`, name);
  const stored = await readStored(store, at);
  const volumeSize = Number(textIn(status, "volumeSize"));
  if (stored.volumeSize !== volumeSize)
    throw differs(`its volume has ${volumeSize} bytes, and ${stored.volumeSize} in the store`, name);
  return {
    name,
    url,
    volume,
    target: target.name,
    volumeSize,
    sha256: stored.sha256,
    bytes: Number(textIn(status, "size") || 0),
    snapshotCreatedAt: stored.snapshotCreatedAt,
    completedAt: new Date(textIn(status, "backupCreatedAt") || textIn(status, "lastSyncedAt")).toISOString(),
  };
}

/** The pinned backup as it is in the store now. @throws BACKUP_NOT_VERIFIED where it is another one by now */
export async function readPinned(store: Store, pinned: Pinned): Promise<StoredBackup> {
  const stored = await readStored(store, { backup: pinned.name, volume: pinned.volume });
  if (stored.sha256 === pinned.sha256) return stored;
  throw differs(
    "in the store it is another one than the one that was pinned: its list of blocks has another checksum",
    pinned.name,
  );
}

function differs(what: string, name: string) {
  const hint = "Do not rely on this backup: abort, look at the store, and make a new backup.";
  return fail("BACKUP_NOT_VERIFIED", `backup ${name} is not what it should be: ${what}`, hint);
}

export function recordOf({ name, completedAt, bytes, url, sha256 }: Pinned): BackupRecord {
  return { id: name, completedAt, bytes, location: url, sha256 };
}
