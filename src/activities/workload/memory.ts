import { join } from "node:path";
import { fail } from "../../failures.ts";
import { readJson, writeAtomically } from "../files.ts";
import type { StepContext } from "../step.ts";
import type { Tree } from "./compare.ts";
import type { Claim } from "./volumes.ts";

/** What a run keeps of a workload in its directory, so that the next attempt, or the run that resumes it, knows it. */

interface KnownPod {
  namespace: string;
  name: string;
  uid: string;
}

/** The workload before anything was taken away. */
export interface Known {
  /** uid of namespace kube-system. */
  cluster: string;
  uid: string;
  /** Pods that were ready. */
  ready: number;
  /** Its replicas, as its spec says. */
  replicas: number;
  /** An autoscaler decides how many replicas there are. */
  scaled: boolean;
  /** Those that are taken away. */
  pods: KnownPod[];
  /** The node that is drained; null where none is. */
  node: string | null;
  /** Pods of others that the drain evicts. */
  others: KnownPod[];
  /** What the pods that are taken away have mounted. */
  claims: Claim[];
}

/** The sentinel, and what every file was, by claim. */
export interface Sown {
  sha256: string;
  trees: Record<string, Tree>;
}

/** Times are ISO 8601 in UTC. */
export interface Lost {
  /** From here on pods were taken away. */
  lostAt: string;
  /** The last of them was gone. */
  goneAt: string | null;
  /** Nothing else is ever deleted, however often the step is tried. */
  pods: KnownPod[];
  others: KnownPod[];
  /** As the files were right before. */
  trees: Record<string, Tree>;
  /** What the checks from outside said while no pod was left; null where others may answer, and as long as nobody has asked. */
  outside: { name: string; passed: boolean; found: string }[] | null;
  /** When as many pods as before were there, and ready. */
  existsAt: string | null;
  readyAt: string | null;
}

type Place = Pick<StepContext, "directory">;

/** One sort of thing that is remembered of each component. */
function memory<T>(sort: string) {
  const file = ({ directory }: Place, component: string) => join(directory, `${sort}-${component}.json`);
  const find = async (context: Place, component: string) => await readJson<T>(file(context, component));
  return {
    keep: async (context: Place, component: string, value: T) =>
      await writeAtomically(file(context, component), JSON.stringify(value)),
    find,
    /** @throws STATE_DAMAGED when it is not there */
    recall: async (context: Place, component: string): Promise<T> => {
      const value = await find(context, component);
      if (value !== undefined) return value;
      const path = file(context, component);
      throw fail("STATE_DAMAGED", `${path} is gone, in which this run keeps what it knows of the workload`);
    },
  };
}

export const known = memory<Known>("workload");
export const sown = memory<Sown>("sown");
/** Undefined as long as nothing was taken away. */
export const lost = memory<Lost>("lost");
