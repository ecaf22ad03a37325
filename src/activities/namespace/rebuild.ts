import { describeFailure, fail } from "../../failures.ts";
import type { Diagnosis } from "../../report/record.ts";
import { rebuildByArgo } from "../argocd/rebuild.ts";
import { rebuildByFlux } from "../flux/rebuild.ts";
import { mirror } from "../kubernetes/mirror.ts";
import { waitUntilBack } from "../outside/come-back.ts";
import type { StepContext } from "../step.ts";
import { createDiagnostician } from "../kubernetes/diagnose.ts";
import { requireSame } from "./inspect.ts";
import { keepVolumes } from "./keep-volumes.ts";
import {
  type Entry,
  expected,
  holdersAmong,
  type Inventory,
  keepRecovery,
  recallInventory,
  recallRecovery,
  type Recovery,
} from "./memory.ts";
import { madeBefore, waitingForMade } from "./made.ts";
import { observe, type Waiting } from "./observe.ts";
import { whileProbing } from "../outside/probes.ts";
import { createTimesKeeper } from "../kubernetes/times-keeper.ts";
import { type Session, withCluster } from "../kubernetes/session.ts";
import { namespaces } from "../kubernetes/kinds.ts";
import { listGitops, watchedKinds } from "./survey.ts";
import type { NamespaceInput, Rebuilt } from "./verbs.ts";
import { checkNamespace } from "./verify.ts";

type Input = Omit<NamespaceInput, "run">;

/** Lets GitOps make the namespace again, and watches every object come back. @throws NOT_RECOVERED with the root cause */
export async function rebuildNamespace(input: Input, context: StepContext): Promise<Rebuilt> {
  const { component, access } = input;
  const from = new Date().toISOString();
  return await withCluster(access, context, async (session) => {
    const known = await recallInventory(context, component.name);
    const recovery = await recallRecovery(context, component.name);
    requireSame(session, undefined, known);
    await keepVolumes(session, known);
    await whileProbing(component, context, async () => await bringBack(input, session, known, recovery, context));
    const seconds = (Date.now() - Date.parse(recovery.lostAt)) / 1_000;
    return {
      waits: [{ from, to: new Date().toISOString() }],
      note: `${expected(known).length} objects are back and ready, ${seconds.toFixed(1)} s after the loss`,
    };
  });
}

async function bringBack(
  input: Input,
  session: Session,
  known: Inventory,
  recovery: Recovery,
  context: StepContext,
): Promise<void> {
  const { component } = input;
  const entries = expected(known);
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  const diagnosis = createDiagnostician(session, component.namespace, entries, signal);
  const watching = watchBack(input, session, known, recovery, { ...context, signal }, diagnosis.newest);
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
  await Promise.all([
    rebuildByFlux(session, ofFlux, gitops, { token: `${lostAt}+${context.run.tryNo}`, withinMs }, context),
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
    return waiting.length === 0 ? true : undefined;
  };
  try {
    await waitUntilBack(watched, look, component, {
      what: `namespace ${namespace} to be back`,
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
