import { describeFailure } from "../../failures.ts";
import { targetOf } from "../../plan/target.ts";
import { noteBefore } from "../checks/index.ts";
import { kubeconfigText } from "../kubernetes/access.ts";
import type { StepContext } from "../step.ts";
import type { Inspection } from "../verbs.ts";
import { layersOf } from "./layers.ts";
import { keepKnown } from "./memory.ts";
import type { ClusterInput } from "./verbs.ts";
import { type Answers, whoIsAt } from "./is-gone.ts";

type Input = Omit<ClusterInput, "run">;

/**
 * After a real loss: whether the cluster is gone at all, and what must come back, which only the plan can tell by now.
 * Changes nothing.
 * @throws AUTHENTICATION_FAILED, PERMISSION_DENIED, SYSTEM_UNREACHABLE where nobody tells how it was reached
 */
export async function recallCluster(
  { component, access, gitops, checks }: Input,
  context: StepContext,
): Promise<Inspection> {
  const { text, server, who, identity, found } = await whoAnswersNow(access, context);
  const noted = await noteBefore(checks, { session: undefined, signal: context.signal });
  const layers = gitops === undefined ? [] : layersOf(gitops).names;
  const known = { identity: "", server, nodes: [], layers, takenAt: context.run.startedAt };
  await keepKnown(context, { ...known, checks: noted.filter(({ trouble }) => trouble === null) }, text);
  const isLost = who === "nobody";
  // What these found before was lost with it.
  const unknown = noted.filter(({ trouble }) => trouble !== null).map(({ name }) => name);
  const left = unknown.length === 0 ? "" : `; not asked, as nothing is known to compare with: ${unknown.join(", ")}`;
  return {
    target: targetOf(component),
    note: `${isLost ? `nobody answers: ${found}` : found}${left}`,
    facts: {
      name: component.name,
      kind: component.kind,
      target: `cluster at ${server || "an address that nobody knows any more"}`,
      // Who does not tell its uid cannot be told from a stranger either.
      exists: identity !== undefined,
      identity: identity ?? "",
      listed: true,
      listLine: "",
      denied: null,
      inRecovery: false,
      replicas: 0,
      tablespacesOutside: [],
      insideTarget: [],
      archiving: null,
      space: null,
      lost: isLost,
    },
  };
}

type Now = Answers & { text: string };

/** A kubeconfig that is not there any more went with its cluster. */
async function whoAnswersNow(access: Input["access"], context: StepContext): Promise<Now> {
  try {
    const text = await kubeconfigText(access, context.signal);
    return { text, ...(await whoIsAt(text, access.context, context)) };
  } catch (error) {
    context.signal.throwIfAborted();
    const { type, message } = describeFailure(error);
    if (type !== "SECRET_MISSING") throw error;
    return { text: "", server: "", who: "nobody", found: message };
  }
}
