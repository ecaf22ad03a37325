import { join } from "node:path";
import type { Api } from "../operators/api.ts";
import { type BackupStore, type Credentials, openStore } from "./backup-store.ts";
import { type BackupTarget, get, namespace } from "./objects.ts";
import { type Misbehaviour, readOrders } from "./orders.ts";

/** What every part of the stand-in works with. */
export interface StandIn {
  api: Api;
  /** Was this misbehaviour ordered, for this volume or for all? */
  ordered: (misbehave: Misbehaviour, volume?: string) => Promise<boolean>;
  /** Where a volume's files lie: what a pod sees. */
  folderOf: (volume: string) => string;
  snapshotOf: (volume: string, snapshot: string) => string;
  /** Says how its disk is formatted; see `encryption.ts`. */
  formatFileOf: (volume: string) => string;
}

export function createStandIn(api: Api, directory: string, ordersFile: string): StandIn {
  return {
    api,
    ordered: async (misbehave, volume) =>
      (await readOrders(ordersFile)).some(
        (order) => order.misbehave === misbehave && (order.volume ?? volume) === volume,
      ),
    folderOf: (volume) => join(directory, "volumes", volume),
    snapshotOf: (volume, snapshot) => join(directory, "snapshots", volume, snapshot),
    formatFileOf: (volume) => join(directory, "formats", volume),
  };
}

/** Each has connections of its own. */
const stores = new Map<string, BackupStore>();

/** The store of a target. @throws when it has none, or its Secret is not there; whether it answers is seen when it is asked */
export async function storeOf({ api, ordered }: StandIn, target: string): Promise<{ url: string; store: BackupStore }> {
  const found = await get<BackupTarget>(api, "backuptargets", target);
  const { backupTargetURL: url = "", credentialSecret = "" } = found?.spec ?? {};
  if (url === "") throw new Error("backup target URL is empty");
  if (!url.startsWith("s3://")) throw new Error(`the stand-in knows S3 only, not ${url}`);
  if (await ordered("target-unavailable")) throw new Error("RequestError: send request failed: no such host");
  const path = `/api/v1/namespaces/${namespace}/secrets/${credentialSecret}`;
  const secret = await api.call<{ data?: Record<string, string> }>("GET", path);
  if (secret === undefined) throw new Error(`secrets "${credentialSecret}" not found`);
  const decoded = Object.entries(secret.data ?? {}).map(([key, text]) => [key, Buffer.from(text, "base64").toString()]);
  const credentials = Object.fromEntries(decoded) as Credentials;
  const key = JSON.stringify([url, credentials]);
  const store = stores.get(key) ?? openStore(url, credentials);
  stores.set(key, store);
  return { url, store };
}
