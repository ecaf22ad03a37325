import { describeFailure, fail } from "../../failures.ts";
import type { NamespaceComponent } from "../../plan/namespace-schema.ts";
import type { Diagnosis } from "../../report/record.ts";
import { rebuildByArgo } from "../argocd/rebuild.ts";
import { rebuildByFlux } from "../flux/rebuild.ts";
import { mirror } from "../kubernetes/mirror.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { createDiagnostician } from "../kubernetes/diagnose.ts";
import { namespaces } from "../kubernetes/kinds.ts";
import type { Session } from "../kubernetes/session.ts";
import { createTimesKeeper } from "../kubernetes/times-keeper.ts";
import { answering, type Goal, waitUntilBack } from "../outside/come-back.ts";
import type { StepContext } from "../step.ts";
import { madeBefore, waitingForMade } from "./made.ts";
import { type Entry, expected, holdersAmong, type Inventory, keepRecovery, type Recovery } from "./memory.ts";
import { observe, type Waiting } from "./observe.ts";
import { listGitops, watchedKinds } from "./survey.ts";
import type { NamespaceInput } from "./verbs.ts";
import { checkNamespace } from "./verify.ts";

type Input = Omit<NamespaceInput, "run">;

/** What is waited for while GitOps makes a namespace again. */
export interface NamespaceGoal extends Goal {
  /** @param waiting for what of the namespace, out of these objects of it */
  isMet: (waiting: Waiting[], objects: KubernetesObject[]) => boolean;
}

/** All of it is back and ready, and its checks from outside pass. */
export function wholeAgain(
  { namespace, checks }: Pick<NamespaceComponent, "namespace" | "checks">,
  context: Pick<StepContext, "signal">,
): NamespaceGoal {
  return {
    ...answering(`namespace ${namespace} to be back`, checks, context),
    isMet: (waiting) => waiting.length === 0,
  };
}

/**
 * Asks GitOps, where the plan wants it asked, and watches until the goal is reached.
 * @throws NOT_RECOVERED with the root cause
 */
export async function bringBack(
  input: Input,
  session: Session,
  known: Inventory,
  recovery: Recovery,
  context: StepContext,
  goal: NamespaceGoal,
): Promise<void> {
  const { component } = input;
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  const diagnosis = createDiagnostician(session, component.namespace, expected(known), signal);
  const watching = watchBack(input, session, known, recovery, { ...context, signal }, goal, diagnosis.newest);
  // What goes wrong in asking ends the step; what is back already needs no more asking.
  const asking =
    component.rebuild === "request" ? ask(input, session, known, recovery, { ...context, signal }) : watching;
  try {
    await Promise.race([watching, asking.then(() => watching)]);
  } catch (error) {
    context.signal.throwIfAborted();
    if (describeFailure(error).type !== "TIMED_OUT") throw error;
    throw await notRecovered(input, session, await diagnosis.atLast(), error, context);
  } finally {
    over.abort();
    await Promise.allSettled([watching, asking]);
    await diagnosis.stop();
  }
}

async function ask(
  { component }: Input,
  session: Session,
  known: Inventory,
  { lostAt }: Recovery,
  context: StepContext,
): Promise<void> {
  const gitops = await listGitops(session);
  // One that lay in the namespace comes back with who holds it, and works by itself then.
  const outside = holdersAmong(gitops, known).filter(({ metadata }) => metadata.namespace !== component.namespace);
  const withinMs = component.within;
  const ofArgo = outside.filter(({ kind }) => kind === "Application");
  const ofFlux = outside.filter(({ kind }) => kind !== "Application");
  const token = `${lostAt}+${context.step}+${context.run.tryNo}`;
  await Promise.all([
    rebuildByFlux(session, ofFlux, gitops, { token, withinMs }, context),
    rebuildByArgo(session, ofArgo, { since: lostAt, withinMs }, context),
  ]);
}

/** Notes when what is back and ready. @throws TIMED_OUT when it takes too long, or stands still */
export async function watchBack(
  { component }: Pick<Input, "component">,
  session: Session,
  known: Inventory,
  recovery: Recovery,
  context: Pick<StepContext, "directory" | "signal" | "progress">,
  goal: NamespaceGoal,
  cause: () => string,
): Promise<void> {
  const { name, namespace } = component;
  const entries = expected(known);
  const made = madeBefore(known);
  const kinds = watchedKinds(session, new Set([...entries, ...made].map(({ kind }) => kind)));
  const seen = entries.filter((one) => one.kind === "Namespace" || kinds.some(({ kind }) => kind === one.kind));
  const watched = mirror(session.cluster, [...kinds, namespaces], namespace, context.signal);
  const times = createTimesKeeper(context, recovery, async () => await keepRecovery(context, name, recovery));
  let waiting: Waiting[] = [];
  const look = () => {
    const now = watched.objects();
    waiting = [...observe(seen, now, recovery, new Date()), ...waitingForMade(made, now)];
    times.changed();
    return goal.isMet(waiting, now) ? true : undefined;
  };
  try {
    await waitUntilBack(watched, look, component, {
      ...goal,
      progress: () => progressText(entries, waiting),
      cause,
      context,
    });
  } finally {
    watched.stop();
    await times.kept();
  }
}

function progressText(entries: Entry[], waiting: Waiting[]): string {
  const missing = waiting.filter(({ why }) => why === "missing").length;
  const [first] = waiting.toSorted((a, b) => Number(a.why === "missing") - Number(b.why === "missing"));
  const words = `${entries.length - missing} of ${entries.length} objects are back, ${entries.length - waiting.length} ready`;
  return first === undefined ? words : `${words}; waiting for ${first.id}: ${first.why}`;
}

/** What is missing goes into the report, with why. */
async function notRecovered(input: Input, session: Session, causes: Diagnosis[], error: unknown, context: StepContext) {
  const verification = await checkNamespace(input, session, context, causes);
  const [root] = causes;
  const { message, hint } = describeFailure(error);
  const told = root === undefined ? message : `${root.cause} (${root.object})`;
  return fail("NOT_RECOVERED", told, root?.hint ?? hint, { verification });
}
