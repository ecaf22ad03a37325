import { setTimeout as sleep } from "node:timers/promises";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { type Again, pauseAfter, usualAgain } from "../namespace/asking-again.ts";
import type { Session } from "../kubernetes/session.ts";
import type { StepContext } from "../step.ts";
import { policyOf } from "./holds.ts";
import { applications, refresh, waitForApplication } from "./refresh.ts";

interface Operation {
  info?: { name: string; value: string }[];
  sync?: { resources?: unknown[] };
}

interface State {
  phase: string;
  startedAt?: string;
  message?: string;
  operation?: Operation;
}

const stateOf = ({ status }: KubernetesObject) => status?.["operationState"] as State | undefined;

interface Pace extends Again {
  /** Argo CD takes up what it is asked for within a second. */
  takeUpMs: number;
}

const usualPace: Pace = { takeUpMs: 1_500, ...usualAgain };

/**
 * Asks for a full sync of each Application, after the namespace is gone. One that runs already was begun by self-heal while
 * the namespace was going: it is limited to what was out of sync then, tries for minutes in vain, and no other sync begins
 * before its end; so it is ended first.
 * @param since tells the syncs after this loss from others: what was asked for is not asked for again, nor what was asked for
 *   when another namespace of the same Application was lost later
 */
export async function rebuildByArgo(
  session: Session,
  holders: KubernetesObject[],
  { since, withinMs }: { since: string; withinMs: number },
  context: StepContext,
  pace = usualPace,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  await Promise.all(holders.map(async (one) => await bringBack(session, one, { since, deadline, pace }, context)));
}

interface Wanted {
  since: string;
  deadline: number;
  pace: Pace;
}

/** Until a sync of ours has succeeded, or too many have failed: the watcher of the namespace tells what comes of it. */
async function bringBack(
  session: Session,
  { metadata: { name, namespace } }: KubernetesObject,
  { since, deadline, pace }: Wanted,
  context: StepContext,
): Promise<void> {
  await refresh(session, name, namespace, context);
  let asked = false;
  let failures = 0;
  let failedAt: string | undefined = "";
  for (;;) {
    const object = await session.cluster.get(applications, name, namespace);
    const state = object && stateOf(object);
    const lostAt = lossOf(state?.operation);
    const ours = lostAt !== undefined && lostAt >= since ? state : undefined;
    if (object === undefined || ours?.phase === "Succeeded") return;
    // Also one that brings another namespace back, lost before: it is not ended, and then ours is asked for.
    if (lostAt !== undefined && state?.phase === "Running") {
      await untilEnded(session, object, deadline, context);
      await sleep(pace.takeUpMs, undefined, { signal: context.signal });
      continue;
    }
    // Until the next one is taken up, the one that failed still stands there.
    const hasFailed = ours !== undefined && ours.startedAt !== failedAt;
    failedAt = ours?.startedAt ?? failedAt;
    // After one of a try before it is asked at once: somebody may have mended what that failed for.
    if (hasFailed && asked) {
      failures += 1;
      context.progress(`the sync of Application ${name} failed: ${ours.message ?? ours.phase}`);
      if (failures > pace.most) return;
      await sleep(pauseAfter(failures, pace), undefined, { signal: context.signal });
    }
    await ask(session, object, since, context);
    asked = true;
    await sleep(pace.takeUpMs, undefined, { signal: context.signal });
  }
}

async function untilEnded(session: Session, { metadata }: KubernetesObject, deadline: number, context: StepContext) {
  await waitForApplication(session, metadata.name, metadata.namespace, context, {
    what: `the sync of Application ${metadata.name} to end`,
    holds: (one) => stateOf(one)?.phase !== "Running",
    withinMs: Math.max(1, deadline - performance.now()),
  });
}

/** Whether Argo CD takes it up, the next look tells: self-heal may have begun another one in the same moment. */
async function ask(session: Session, object: KubernetesObject, since: string, context: StepContext): Promise<void> {
  const { name, namespace } = object.metadata;
  await endForeign(session, object, context);
  const sync = { syncStrategy: { hook: {} }, syncOptions: policyOf(object).syncOptions ?? [] };
  const operation = { initiatedBy: { username: "firedrill" }, info: [{ name: "lostAt", value: since }], sync };
  // One that was put there meanwhile would be mixed with ours: it is taken away in the same moment.
  await session.cluster.mergePatch(applications, name, namespace, { operation: null });
  await session.cluster.mergePatch(applications, name, namespace, { operation });
}

/** After which loss a full sync was asked for by a drill; undefined for all other operations. */
function lossOf({ info = [], sync }: Operation = {}): string | undefined {
  return sync?.resources === undefined ? info.find(({ name }) => name === "lostAt")?.value : undefined;
}

async function endForeign(session: Session, object: KubernetesObject, context: StepContext): Promise<void> {
  const { name, namespace } = object.metadata;
  if (stateOf(object)?.phase !== "Running") return;
  context.progress(`ending the sync of ${name} that began while the namespace was going`);
  const status = { operationState: { phase: "Terminating" } };
  await session.cluster.mergePatch(applications, name, namespace, { status });
  await waitForApplication(session, name, namespace, context, {
    what: `the sync of Application ${name} that ran already to end`,
    holds: (one) => !["Running", "Terminating"].includes(stateOf(one)?.phase ?? ""),
  });
}
