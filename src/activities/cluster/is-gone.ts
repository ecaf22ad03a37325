import type { ClusterAccess } from "../../plan/access-schema.ts";
import { describeFailure } from "../../failures.ts";
import { openCluster } from "../kubernetes/client.ts";
import { namespaces } from "../kubernetes/kinds.ts";
import { isAboutTrust, isFromOtherServer, isRefusalOfApi, isUnanswered, statusOf } from "../kubernetes/refusal.ts";
import { shownCertificate } from "../kubernetes/server-certificate.ts";
import type { StepContext } from "../step.ts";
import { recallKnown, recallKubeconfig } from "./memory.ts";

/** A cluster that is gone answers nothing, and one that is there answers soon. */
const patience = { withinMs: 10_000, requestMs: 5_000 };

/** What answers where a cluster was. */
export interface Answers {
  /**
   * `cluster`: one that tells its uid; `stranger`: something that does not know our credentials, or is not what they are for;
   * `foreign`: something that shows a certificate of another CA; `front`: something that answers, and not as an API server does;
   * `busy`: an API server that cannot answer now; `somebody`: it is there, and tells no uid; `nobody`: nothing answers.
   */
  who: "cluster" | "stranger" | "foreign" | "front" | "busy" | "somebody" | "nobody";
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
    // Every API server has it.
    if (uid === "") return { who: "front", server, found: `something without namespace kube-system is at ${server}` };
    return {
      who: "cluster",
      identity: uid,
      madeAt: creationTimestamp,
      server,
      found: `cluster ${uid} answers at ${server}`,
    };
  } catch (error) {
    signal.throwIfAborted();
    return { server, ...(await behind(error, server)) };
  } finally {
    await cluster.close();
  }
}

/** Who is behind a failure. */
async function behind(error: unknown, server: string): Promise<Pick<Answers, "who" | "found">> {
  const { type, message: found } = describeFailure(error);
  const hasAnswered = statusOf(error) !== undefined;
  if (isAboutTrust(error)) return { who: isFromOtherServer(error) ? "foreign" : "stranger", found };
  if (hasAnswered && !isRefusalOfApi(error)) return { who: "front", found };
  if (type === "AUTHENTICATION_FAILED" && hasAnswered) return { who: "stranger", found };
  if (type === "SYSTEM_UNREACHABLE") return { who: hasAnswered ? "busy" : "nobody", found };
  if (hasAnswered) return { who: "somebody", found };
  // What gives the credentials may have gone with the cluster: nobody was asked yet.
  if (type === "AUTHENTICATION_FAILED" || type === "PROGRAM_MISSING")
    return (await isSilent(server))
      ? { who: "nobody", found: `nothing is at ${server}; ${found}` }
      : { who: "stranger", found: `something is at ${server}, and it could not be asked: ${found}` };
  return { who: "front", found };
}

async function isSilent(server: string): Promise<boolean> {
  try {
    await shownCertificate(server);
    return false;
  } catch (error) {
    return isUnanswered(error);
  }
}

/** What answers where the old cluster was. */
export interface OldOne {
  /**
   * `old`: the same one; `other`: another cluster; `foreign`: something that shows a certificate of another CA; `front`: something
   * that is no API server; `unclear`: something that may be it, as it cannot answer now, or does not know our credentials; `nobody`:
   * nothing answers.
   */
  who: "old" | "other" | "foreign" | "front" | "unclear" | "nobody";
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
  if (who === "foreign" || who === "front")
    return { who, found: `what answers at ${server} is not the old cluster: ${found}` };
  return { who: who === "nobody" ? "nobody" : "unclear", found };
}
