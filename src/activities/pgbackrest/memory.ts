import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { PgBackRestComponent } from "../../plan/schema.ts";
import { readJson, writeAtomically } from "../files.ts";
import type { StepContext } from "../step.ts";
import type { Loss } from "../verbs.ts";
import type { ClusterAtLoss } from "./cluster-state.ts";

/** Which pg_control it is: written in place as long as a cluster lives, made anew by whoever brings one back. */
export interface ControlFile {
  dev: number;
  ino: number;
  /** Milliseconds since 1970. */
  born: number;
}

/**
 * What a run must still know of a cluster when the cluster is gone: small files in the run's directory, each written
 * before the next side effect.
 */
export interface Memory {
  /** From `inspect`. */
  cluster: { bin: string; systemIdentifier: string; segmentBytes: number };
  /** From `backup`: what the archive had for certain when the backup was complete. */
  backup: { label: string; archivedSegment: string; heartbeat: number };
  /** From `destroy`: pg_control of the cluster that is destroyed; one with another file was put back since. */
  doomed: ControlFile;
  /** From `destroy` or `control`: the last of the live cluster. */
  loss: Loss & { systemIdentifier: string; lastArchived: string; acknowledged: number; state: ClusterAtLoss };
  /** From `restore`: the destination is ours to empty, and what recovery must reach. */
  restore: { label: string; data: string; required: string; movedTo: string | null };
  /**
   * From `restore`: the directory that it made or took over empty, and pg_control of what it restored there; another one
   * is not ours to empty.
   */
  own: { ino: number; dev: number; control: ControlFile | null };
  /** From `restore`: what recovery has reached. */
  recovered: {
    timeline: number;
    parent: number;
    position: string;
    /** The first transaction number after recovery: rows from it on are nothing that was recovered. */
    nextXid: string;
    stoppedAt: string | null;
    lastTransactionAt: string | null;
  };
  /** From `retain`: the backups before anything was removed. */
  retain: { labels: string[] };
}

function pathOf(context: StepContext, component: PgBackRestComponent, name: keyof Memory): string {
  return join(context.directory, `${name}.${component.name}.json`);
}

export async function remember<N extends keyof Memory>(
  context: StepContext,
  component: PgBackRestComponent,
  name: N,
  value: Memory[N],
): Promise<void> {
  await writeAtomically(pathOf(context, component, name), JSON.stringify(value));
}

export async function recall<N extends keyof Memory>(
  context: StepContext,
  component: PgBackRestComponent,
  name: N,
): Promise<Memory[N] | undefined> {
  return await readJson<Memory[N]>(pathOf(context, component, name));
}

/** What was remembered does not hold any more. */
export async function forget(context: StepContext, component: PgBackRestComponent, name: keyof Memory): Promise<void> {
  await rm(pathOf(context, component, name), { force: true });
}

/** Like `recall`, where an earlier step must have written it. */
export async function mustRecall<N extends keyof Memory>(
  context: StepContext,
  component: PgBackRestComponent,
  name: N,
): Promise<Memory[N]> {
  const value = await recall(context, component, name);
  if (value === undefined)
    throw new Error(`${pathOf(context, component, name)} is missing: the step that writes it did not run`);
  return value;
}
