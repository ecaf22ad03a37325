import { describeFailure, fail } from "../../failures.ts";
import type { Diagnosis } from "../../report/record.ts";
import { createDiagnostician } from "../kubernetes/diagnose.ts";
import { apiVersionOf } from "../kubernetes/paths.ts";
import { mirror } from "../kubernetes/mirror.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { readiness, readySince } from "../kubernetes/readiness.ts";
import { requireCluster, type Session, withCluster } from "../kubernetes/session.ts";
import { createTimesKeeper } from "../kubernetes/times-keeper.ts";
import { moment } from "../namespace/observe.ts";
import type { Rebuilt } from "../namespace/verbs.ts";
import { answering, waitUntilBack } from "../outside/come-back.ts";
import { whileProbing } from "../outside/probes.ts";
import type { StepContext } from "../step.ts";
import { partsOf, podsOf } from "./find.ts";
import { known, type Known, lost, type Lost } from "./memory.ts";
import type { WorkloadInput } from "./verbs.ts";
import { checkWorkload, freshPods } from "./verify.ts";

type Input = Omit<WorkloadInput, "run">;

/** Watches the pods come back, whoever makes them. @throws NOT_RECOVERED with the root cause */
export async function rebuildWorkload(input: Input, context: StepContext): Promise<Rebuilt> {
  const { component, access } = input;
  const from = new Date().toISOString();
  return await withCluster(access, context, async (session) => {
    const before = await known.recall(context, component.name);
    const loss = await lost.recall(context, component.name);
    requireCluster(session, before.cluster);
    await whileProbing(component, context, async () => await watchBack(input, session, before, loss, context));
    const seconds = (Date.parse(loss.readyAt!) - Date.parse(loss.lostAt)) / 1_000;
    return {
      waits: [{ from, to: new Date().toISOString() }],
      note: `${wantedReady(before)} pods are back and ready, ${seconds.toFixed(1)} s after the loss`,
    };
  });
}

const wantedReady = ({ scaled, ready }: Known) => (scaled ? 1 : ready);

async function watchBack(
  input: Input,
  session: Session,
  before: Known,
  loss: Lost,
  context: StepContext,
): Promise<void> {
  const { name, namespace, workload } = input.component;
  const { kind, name: object, makes } = partsOf(workload);
  const wanted = [{ apiVersion: apiVersionOf(kind), kind: kind.kind, name: object }];
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  const diagnosis = createDiagnostician(session, namespace, wanted, signal);
  const watched = mirror(session.cluster, [kind, ...makes], namespace, signal);
  const times = createTimesKeeper(context, loss, async () => await lost.keep(context, name, loss));
  let progress = "";
  const look = () => {
    const seen = observePods(watched.find(kind.kind, object), watched.objects(), before, loss, new Date());
    progress = seen.progress;
    times.changed();
    return seen.back ? true : undefined;
  };
  try {
    await waitUntilBack(watched, look, input.component, {
      ...answering(`${workload} to be back`, input.component.checks, context),
      progress: () => progress,
      cause: diagnosis.newest,
      context,
    });
  } catch (error) {
    context.signal.throwIfAborted();
    if (describeFailure(error).type !== "TIMED_OUT") throw error;
    throw await notRecovered(input, session, await diagnosis.atLast(), error, context);
  } finally {
    over.abort();
    watched.stop();
    await diagnosis.stop();
    await times.kept();
  }
}

/** Writes into `loss` when as many pods as before were there, and ready; both begin anew when it is not so any more. */
export function observePods(
  workload: KubernetesObject | undefined,
  objects: KubernetesObject[],
  before: Known,
  loss: Lost,
  now: Date,
): { back: boolean; progress: string } {
  const wanted = wantedReady(before);
  const fresh = workload === undefined ? [] : freshPods(podsOf(workload, objects), loss);
  const ready = fresh.filter((pod) => readiness(pod, now.getTime()).status === "ready");
  const last = (times: (string | null | undefined)[]) =>
    times
      .filter((time) => typeof time === "string")
      .toSorted()
      .at(-1);
  if (fresh.length < wanted) loss.existsAt = null;
  else loss.existsAt ??= moment(last(fresh.map(({ metadata }) => metadata.creationTimestamp)), loss.lostAt, now);
  const state = workload && readiness(workload, now.getTime());
  const back = ready.length >= wanted && state?.status === "ready";
  if (back) loss.readyAt ??= moment(last(ready.map(readySince)), loss.lostAt, now);
  else loss.readyAt = null;
  const slow = fresh.find((pod) => !ready.includes(pod));
  const why = slow && `; waiting for ${slow.metadata.name}: ${readiness(slow, now.getTime()).message}`;
  const rest = state === undefined ? "; the workload is missing" : back ? "" : `; ${state.message}`;
  return { back, progress: `${ready.length} of ${wanted} pods are ready${why ?? rest}` };
}

/** What is missing goes into the report, with why. */
async function notRecovered(input: Input, session: Session, causes: Diagnosis[], error: unknown, context: StepContext) {
  const verification = await checkWorkload(input, session, context, causes);
  const [root] = causes;
  const { message, hint } = describeFailure(error);
  const told = root === undefined ? message : `${root.cause} (${root.object})`;
  return fail("NOT_RECOVERED", told, root?.hint ?? hint, { verification });
}
