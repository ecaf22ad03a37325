import { fail } from "../../failures.ts";
import type { ClusterAccess } from "../../plan/access-schema.ts";
import { askOnce } from "../checks/index.ts";
import { rest } from "../rest.ts";
import type { StepContext } from "../step.ts";
import type { Control } from "../verbs.ts";
import { keepKnown, type Known, recallKnown, recallKubeconfig } from "./memory.ts";
import { isOfServer, namesOfRows } from "./rows.ts";
import type { ClusterInput } from "./verbs.ts";
import { type OldOne, whoAnswers } from "./is-gone.ts";

/** What was told to stop may go on to answer for a while, and so may a balancer before it. */
const patienceMs = 30_000;
const everyMs = 1_000;

/**
 * Everything that `verify` will ask is asked while the cluster is gone: each must fail.
 * @throws NOT_DESTROYED while the old cluster answers: nothing is made beside it
 */
export async function controlCluster(
  { access }: Omit<ClusterInput, "run">,
  context: StepContext,
  withinMs = patienceMs,
): Promise<Control> {
  const known = await recallKnown(context);
  const { who, found } = await untilGone(access, context, withinMs);
  if (who === "front") await forgetCertificate(known, context);
  // By another cluster at this address the first rows would pass at this moment.
  const own = namesOfRows(known).map((name) => ({ name, passed: who === "other" && isOfServer(name), found }));
  const asked = await askOnce(known.checks, { session: undefined, signal: context.signal });
  const checks = [...own, ...asked.map(({ name, ok, found: what }) => ({ name, passed: ok, found: what }))];
  const answered = checks.filter((one) => one.passed).length;
  const note = answered === 0 ? found : `${answered} of ${checks.length} checks pass although it was destroyed`;
  return { checks, lostAt: null, note };
}

/** What goes on to answer may show the certificate that the cluster seemed to have: then it says nothing of who is behind it. */
async function forgetCertificate(known: Known, context: StepContext): Promise<void> {
  delete known.certificate;
  await keepKnown(context, known, await recallKubeconfig(context));
}

async function untilGone(access: ClusterAccess, context: StepContext, withinMs: number): Promise<OldOne> {
  for (const deadline = performance.now() + withinMs; ;) {
    const answer = await whoAnswers(access, context);
    if (answer.who !== "old" && answer.who !== "unclear") return answer;
    context.progress(answer.found);
    if (performance.now() > deadline)
      throw fail(
        "NOT_DESTROYED",
        answer.who === "old" ? answer.found : `what answers may be the old cluster: ${answer.found}`,
        "Find out who answers there, and destroy what is left; then retry.",
      );
    await rest(everyMs, context.signal);
    context.signal.throwIfAborted();
  }
}
