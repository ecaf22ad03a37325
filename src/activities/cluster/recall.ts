import { nothingAmiss } from "../../guard/facts.ts";
import { describeFailure } from "../../failures.ts";
import type { ClusterAccess } from "../../plan/access-schema.ts";
import { targetOf } from "../../plan/target.ts";
import { noteBefore } from "../checks/index.ts";
import { kubeconfigText } from "../kubernetes/access.ts";
import type { StepContext } from "../step.ts";
import type { Remains } from "../verbs.ts";
import { layersOf } from "./layers.ts";
import { keepKnown, type Known } from "./memory.ts";
import type { ClusterInput, Recalled } from "./verbs.ts";
import { startOf } from "./reach-new.ts";
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
): Promise<Recalled> {
  const { who, server, found } = await whoAnswersNow(access, context);
  const noted = await noteBefore(checks, { session: undefined, signal: context.signal });
  const layers = gitops === undefined ? [] : layersOf(gitops).names;
  // What is found now, in the middle of the loss, is nothing to compare with.
  const [asked, left] = [noted.filter(isPlain), noted.filter((one) => !isPlain(one)).map(({ name }) => name)];
  const known = { identity: "", server, nodes: [], layers, takenAt: context.run.startedAt, checks: asked };
  await keepKnown(context, known, "");
  const unasked = left.length === 0 ? "" : `; not asked, as nothing is known to compare with: ${left.join(", ")}`;
  return {
    target: targetOf(component),
    note: `${isSilent(who) ? `nobody answers: ${found}` : found}${unasked}`,
    unknown: who === "unknown" ? found : null,
    facts: {
      name: component.name,
      kind: component.kind,
      target: `cluster at ${server || "an address that nobody knows any more"}`,
      exists: false,
      identity: "",
      listed: true,
      listLine: "",
      ...nothingAmiss,
      lost: isSilent(who),
      ...(!isSilent(who) && { there: found }),
    },
  };
}

const isPlain = ({ before, trouble }: Known["checks"][number]) => before === null && trouble === null;
const isSilent = (who: Now["who"]) => who === "nobody" || who === "unknown";

/** `unknown`: nobody tells how it was reached. */
type Now = Omit<Answers, "who"> & { who: Answers["who"] | "unknown" };

/** A kubeconfig that is not there any more may have gone with its cluster, and so may what would print it. */
async function whoAnswersNow(access: ClusterAccess, context: StepContext): Promise<Now> {
  let text: string;
  try {
    text = await kubeconfigText(access, context.signal);
  } catch (error) {
    context.signal.throwIfAborted();
    const { type, message } = describeFailure(error);
    if (type !== "SECRET_MISSING" && type !== "PROGRAM_FAILED") throw error;
    return { server: "", who: "unknown", found: message };
  }
  const now = await whoIsAt(text, access.context, context);
  // A name that nobody knows here says nothing of who bears it.
  return now.who === "nobody" && /\((ENOTFOUND|EAI_AGAIN)\)/.test(now.found) ? { ...now, who: "unknown" } : now;
}

/**
 * For a restore that is resumed: `gone` where still nobody answers, `placed` where it is the cluster that this run has made, and
 * `there` where it is any other: then all is asked anew.
 */
export async function confirmRecalled(known: Known, access: ClusterAccess, context: StepContext): Promise<Remains> {
  const { who, madeAt, found } = await whoAnswersNow(access, context);
  if (isSilent(who)) return { target: "gone", note: `nobody answers: ${found}` };
  const isOwn = madeAt !== undefined && Date.parse(madeAt) >= startOf(known);
  return { target: isOwn ? "placed" : "there", note: found };
}
