import type { ClusterAccess } from "../../plan/access-schema.ts";
import { describeFailure } from "../../failures.ts";
import { openCluster } from "../kubernetes/client.ts";
import type { StepContext } from "../step.ts";
import { recallKnown, recallKubeconfig } from "./memory.ts";

/** A cluster that is gone answers nothing, and one that is there answers soon. */
const patience = { withinMs: 10_000, requestMs: 5_000 };

/** What answers where a cluster was. */
export interface Answers {
  /**
   * `cluster`: one that tells its uid; `stranger`: something that does not know our credentials, or has another certificate;
   * `somebody`: it is there, and tells no uid; `nobody`: nothing answers.
   */
  who: "cluster" | "stranger" | "somebody" | "nobody";
  /** uid of kube-system, of a cluster that tells it. */
  identity?: string;
  server: string;
  found: string;
}

/** @throws the signal's reason; what openCluster says of the kubeconfig */
export async function whoIsAt(
  kubeconfig: string,
  name: ClusterAccess["context"],
  { signal }: Pick<StepContext, "signal">,
): Promise<Answers> {
  const cluster = openCluster(kubeconfig, name, { ...patience, signal });
  const { server } = cluster;
  try {
    const identity = await cluster.identity();
    return { who: "cluster", identity, server, found: `a cluster answers at ${server}: ${identity}` };
  } catch (error) {
    signal.throwIfAborted();
    const { type, message } = describeFailure(error);
    if (type === "SYSTEM_UNREACHABLE") return { who: "nobody", server, found: message };
    if (type === "AUTHENTICATION_FAILED") return { who: "stranger", server, found: message };
    return { who: "somebody", server, found: `something still answers at ${server}: ${message}` };
  } finally {
    await cluster.close();
  }
}

/** What answers where the old cluster was: the same one, another one, or nobody who knows our credentials. */
export interface OldOne {
  who: "old" | "other" | "nobody";
  found: string;
}

/** Asks by the kubeconfig of before the destruction. @throws the signal's reason */
export async function whoAnswers({ context: name }: ClusterAccess, context: StepContext): Promise<OldOne> {
  const known = await recallKnown(context);
  const kubeconfig = await recallKubeconfig(context);
  if (kubeconfig === "") return { who: "nobody", found: "how it was reached was lost with it" };
  const { who, identity, server, found } = await whoIsAt(kubeconfig, name, context);
  if (who === "cluster")
    return identity === known.identity
      ? { who: "old", found: `the old cluster still answers at ${server}` }
      : { who: "other", found: `another cluster answers at ${server}: ${identity}` };
  // Who refuses our rights is there; who does not know our credentials, or has another certificate, is somebody else.
  return { who: who === "somebody" ? "old" : "nobody", found };
}
