import type { ClusterAccess } from "../../plan/access-schema.ts";
import { describeFailure } from "../../failures.ts";
import { openCluster } from "../kubernetes/client.ts";
import type { StepContext } from "../step.ts";
import { recallKnown, recallKubeconfig } from "./memory.ts";

/** A cluster that is gone answers nothing, and one that is there answers soon. */
const patience = { withinMs: 10_000, requestMs: 5_000 };

/** What answers where the old cluster was. */
export interface Answers {
  /** `old`: the same cluster; `other`: one with another uid; `nobody`: nothing answers, or nobody who knows our credentials. */
  who: "old" | "other" | "nobody";
  found: string;
}

/** Asks by the kubeconfig of before the destruction. @throws the signal's reason */
export async function whoAnswers({ context: name }: ClusterAccess, context: StepContext): Promise<Answers> {
  const { identity, server } = await recallKnown(context);
  const cluster = openCluster(await recallKubeconfig(context), name, { ...patience, signal: context.signal });
  try {
    const now = await cluster.identity();
    if (now === identity) return { who: "old", found: `the old cluster still answers at ${server}` };
    return { who: "other", found: `another cluster answers at ${server}: ${now}` };
  } catch (error) {
    context.signal.throwIfAborted();
    const { type, message } = describeFailure(error);
    // Who refuses our rights is there; who does not know our credentials, or has another certificate, is somebody else.
    if (type === "SYSTEM_UNREACHABLE" || type === "AUTHENTICATION_FAILED") return { who: "nobody", found: message };
    return { who: "old", found: `something still answers at ${server}: ${message}` };
  } finally {
    await cluster.close();
  }
}
