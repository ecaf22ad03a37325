import type { ClusterAccess } from "../../plan/access-schema.ts";
import { describeFailure } from "../../failures.ts";
import { openCluster } from "../kubernetes/client.ts";
import { namespaces } from "../kubernetes/kinds.ts";
import { isAboutTrust, statusOf } from "../kubernetes/refusal.ts";
import type { StepContext } from "../step.ts";
import { recallKnown, recallKubeconfig } from "./memory.ts";

/** A cluster that is gone answers nothing, and one that is there answers soon. */
const patience = { withinMs: 10_000, requestMs: 5_000 };

/** What answers where a cluster was. */
export interface Answers {
  /**
   * `cluster`: one that tells its uid; `stranger`: something that does not know our credentials; `foreign`: something that shows
   * another certificate; `busy`: something that cannot answer now; `somebody`: it is there, and tells no uid; `nobody`: nothing
   * answers.
   */
  who: "cluster" | "stranger" | "foreign" | "busy" | "somebody" | "nobody";
  /** uid of kube-system, and when that was made (ISO 8601), of a cluster that tells it. */
  identity?: string;
  madeAt?: string;
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
    const { uid = "", creationTimestamp = "" } = (await cluster.get(namespaces, "kube-system"))?.metadata ?? {};
    if (uid === "")
      return { who: "somebody", server, found: `something without namespace kube-system is at ${server}` };
    return {
      who: "cluster",
      identity: uid,
      madeAt: creationTimestamp,
      server,
      found: `cluster ${uid} answers at ${server}`,
    };
  } catch (error) {
    signal.throwIfAborted();
    const { type, message } = describeFailure(error);
    if (isAboutTrust(error)) return { who: "foreign", server, found: message };
    if (type === "AUTHENTICATION_FAILED") return { who: "stranger", server, found: message };
    if (type !== "SYSTEM_UNREACHABLE") return { who: "somebody", server, found: message };
    return { who: statusOf(error) === undefined ? "nobody" : "busy", server, found: message };
  } finally {
    await cluster.close();
  }
}

/** What answers where the old cluster was. */
export interface OldOne {
  /**
   * `old`: the same one; `other`: another one, or what shows another certificate; `unclear`: something that may be it, as it
   * cannot answer now, or does not know our credentials; `nobody`: nothing answers.
   */
  who: "old" | "other" | "unclear" | "nobody";
  found: string;
}

/** Asks by the kubeconfig of before the destruction. @throws the signal's reason */
export async function whoAnswers({ context: name }: ClusterAccess, context: StepContext): Promise<OldOne> {
  const known = await recallKnown(context);
  const { who, identity, server, found } = await whoIsAt(await recallKubeconfig(context), name, context);
  if (who === "cluster")
    return identity === known.identity
      ? { who: "old", found: `the old cluster still answers at ${server}` }
      : { who: "other", found: `another cluster answers at ${server}: ${identity}` };
  // Who refuses our rights is there.
  if (who === "somebody") return { who: "old", found: `something still answers at ${server}: ${found}` };
  if (who === "foreign") return { who: "other", found: `what answers at ${server} is not the old cluster: ${found}` };
  return { who: who === "nobody" ? "nobody" : "unclear", found };
}
