import { join } from "node:path";
import { fail } from "../../failures.ts";
import { readJson, writeAtomically } from "../files.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { StepContext } from "../step.ts";
import type { Expected } from "./checks.ts";
import type { Tree } from "./content.ts";
import type { Reader } from "./reader.ts";
import type { Workload } from "./workload.ts";

/** What a run keeps of a volume in its directory, so that the next attempt, or the run that resumes it, knows it. */
export interface KnownVolume {
  /** uid of namespace kube-system. */
  cluster: string;
  volume: KubernetesObject;
  pv: KubernetesObject | null;
  claim: KubernetesObject | null;
  /** What uses it, by the plan. */
  workload: Workload | null;
  reader: Reader | null;
}

/** The backup by which a run restores, pinned before anything is destroyed. */
export interface Pinned {
  name: string;
  url: string;
  /** Name of the volume that was backed up. */
  volume: string;
  target: string;
  volumeSize: number;
  /** Of the list of its blocks in the store. */
  sha256: string;
  bytes: number;
  /** ISO 8601 in UTC. */
  snapshotCreatedAt: string;
  completedAt: string;
  /** Of one that was chosen as the newest: what was passed over, for the step's note. */
  about?: string;
}

type Place = Pick<StepContext, "directory">;

const fileOf =
  <T>(what: string) =>
  ({ directory }: Place, component: string) => {
    const path = join(directory, `${what}-${component}.json`);
    return {
      path,
      find: async () => await readJson<T>(path),
      keep: async (value: T) => await writeAtomically(path, JSON.stringify(value)),
      /** @throws STATE_DAMAGED when it is not there */
      async recall(): Promise<T> {
        const value = await readJson<T>(path);
        if (value === undefined) throw fail("STATE_DAMAGED", `${path} is gone, which this run needs to go on`);
        return value;
      },
    };
  };

export const knownVolume = fileOf<KnownVolume>("volume");
export const pinnedBackup = fileOf<Pinned>("backup");
/** Files of the volume before its snapshot. */
export const filesBefore = fileOf<Tree>("files");
/** What a restored volume must hold. */
export const expectedContent = fileOf<Expected>("content");
/** From the moment on at which the run begins to take the volume away. */
export const intendedLoss = fileOf<{ lostAt: string; note: string }>("destroy");

/** Without what the API server keeps about an object for itself. */
export function trimmed<T extends KubernetesObject | undefined>(object: T): T {
  if (object === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
