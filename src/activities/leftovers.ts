import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ClusterAccess } from "../plan/access-schema.ts";
import type { Connection } from "../plan/schema.ts";
import { readJson, writeAtomically } from "./files.ts";
import type { FileInVolume, InCluster, OwnObject, Undo } from "./longhorn/undo.ts";

/**
 * Something that a run makes and must remove again. It is written down before it is made, so that whoever cleans up
 * after a crash, a cancellation or a terminated run knows of it.
 */
export type Leftover =
  | { kind: "job"; directory: string }
  | { kind: "path"; path: string; keep?: string }
  /** run: null for whatever runs' they are, in data that a real restore brought back. */
  | { kind: "sentinel"; connection: Connection; database: string; run: string | null }
  | { kind: "database"; connection: Connection; maintenanceDatabase: string; database: string; keep?: string }
  | { kind: "locked-out"; connection: Connection; maintenanceDatabase: string; databases: readonly string[] }
  | { kind: "cordon"; access: ClusterAccess; cluster: string; node: string }
  | ({ kind: "sentinel-file"; access: ClusterAccess; cluster: string } & SentinelFile)
  /** socket: its directory, by which our private server is told from one that a person has started there since. */
  /** Of a cluster: what a run has made there, and what it has stopped. */
  | ({ kind: "object"; object: OwnObject; keep?: string } & InCluster)
  | ({ kind: "stopped"; keep?: string } & Undo)
  | ({ kind: "file-in-volume" } & FileInVolume)
  | { kind: "postmaster"; data: string; bin: string; osUser?: string | undefined; socket: string };

/** In a container of a workload's pods that have a claim. */
export interface SentinelFile {
  namespace: string;
  workload: string;
  claim: string;
  container: string;
  path: string;
}

export interface NotedLeftover {
  key: string;
  notedAt: string;
  leftover: Leftover;
}

function ledger(runDirectory: string): string {
  return join(runDirectory, "leftovers");
}

/** Writes down, durably, what is about to be made. Noting the same key again replaces it. */
export async function noteLeftover(runDirectory: string, key: string, leftover: Leftover): Promise<void> {
  const noted: NotedLeftover = { key, notedAt: new Date().toISOString(), leftover };
  await writeAtomically(join(ledger(runDirectory), `${key}.json`), JSON.stringify(noted));
}

/** It is gone, or has become what the run was asked to make. */
export async function forgetLeftover(runDirectory: string, key: string): Promise<void> {
  await rm(join(ledger(runDirectory), `${key}.json`), { force: true });
}

/** What writes goes before what is written to, and nobody waits longer than he must for a fence. */
const rank: Partial<Record<Leftover["kind"], number>> = { job: 0, cordon: 0, postmaster: 1 };

/** All that is still noted: programs and servers first, then what was made last. */
export async function listLeftovers(runDirectory: string): Promise<NotedLeftover[]> {
  const names = await readdir(ledger(runDirectory)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const noted = await Promise.all(
    names
      .filter((name) => name.endsWith(".json"))
      .map((name) => readJson<NotedLeftover>(join(ledger(runDirectory), name))),
  );
  return noted
    .filter((entry) => entry !== undefined)
    .sort((a, b) => (rank[a.leftover.kind] ?? 2) - (rank[b.leftover.kind] ?? 2) || b.notedAt.localeCompare(a.notedAt));
}
