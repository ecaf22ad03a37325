import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** How the stand-in shall misbehave, in words of what a person would see. */
export type Misbehaviour =
  /** Each block of data takes half a second. */
  | "slow"
  /** InProgress at 37 %, for ever. */
  | "backup-stuck"
  | "backup-error"
  /** Completed, but the object is not in the store, or half of it. */
  | "backup-config-missing"
  | "backup-config-truncated"
  | "backup-block-missing"
  | "backup-block-truncated"
  /** No node has room for the volume's replicas: a restore does not begin. */
  | "unschedulable"
  /** 37 %, for ever. */
  | "restore-stuck"
  | "restore-faulted"
  /** The data of the backup before the one that was asked for. */
  | "restore-older"
  /** The data of another volume. */
  | "restore-foreign"
  | "restore-empty"
  /** One byte of the largest file is another one. */
  | "restore-altered"
  /** The backup target cannot be reached; for all volumes. */
  | "target-unavailable"
  /** The store's lists lack the newest backup of a volume. */
  | "stale-lists";

export interface Order {
  misbehave: Misbehaviour;
  /** The Longhorn volume; every one otherwise. */
  volume?: string;
}

/** Replaces what was ordered before; it holds from the next thing on that the stand-in does. The file outlives clusters. */
export async function writeOrders(file: string, orders: Order[]): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  // Never read half written.
  await writeFile(`${file}.new`, JSON.stringify(orders));
  await rename(`${file}.new`, file);
}

export async function readOrders(file: string): Promise<Order[]> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "[]";
    throw error;
  });
  return JSON.parse(text) as Order[];
}
