import { describeFailure, fail, type FailureType } from "../../failures.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import { type Mirror, mirror } from "../kubernetes/mirror.ts";
import type { Kind } from "../kubernetes/paths.ts";
import { waitUntil } from "../kubernetes/wait.ts";
import type { StepContext } from "../step.ts";
import { longhornNamespace } from "./kinds.ts";
import type { State } from "./states.ts";

/** How long something may take in all, and without any change; milliseconds. */
export interface Limits {
  within: number;
  standstill: number;
}

interface Awaited {
  /** To stand behind "waited for". */
  what: string;
  kinds: Kind[];
  /** Where the objects are; Longhorn's own namespace unless told. */
  namespace?: string;
  /** What it is when it has failed. */
  failure: FailureType;
  /** What it is when it takes too long; TIMED_OUT unless told. */
  late?: FailureType;
  /** What to do when it stands still. */
  stuckHint: string;
}

/** Watches until something is done. @throws `late`, which tells how far it was; `failure` */
export async function untilDone(
  cluster: Cluster,
  look: (watched: Mirror) => State,
  { what, kinds, namespace = longhornNamespace, failure, late = "TIMED_OUT", stuckHint }: Awaited,
  limits: Limits,
  { signal, progress }: Pick<StepContext, "signal" | "progress">,
): Promise<void> {
  const watched = mirror(cluster, kinds, namespace, signal);
  let state: State = { is: "working", text: "" };
  const found = () => {
    state = look(watched);
    return state.is === "working" ? undefined : state;
  };
  try {
    await waitUntil(watched, found, {
      what,
      withinMs: limits.within,
      stallMs: limits.standstill,
      progressKey: () => (state.is === "working" ? state.text : ""),
      onProgress: progress,
    });
  } catch (error) {
    const { type, message } = describeFailure(error);
    throw type === "TIMED_OUT" ? fail(late, message, stuckHint) : error;
  } finally {
    watched.stop();
  }
  const last = state as State;
  if (last.is === "failed") throw fail(failure, last.why, last.hint);
}
