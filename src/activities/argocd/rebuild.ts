import { setTimeout as sleep } from "node:timers/promises";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Session } from "../namespace/session.ts";
import type { StepContext } from "../step.ts";
import { policyOf } from "./holds.ts";
import { applications, refresh, waitForApplication } from "./refresh.ts";

interface Operation {
  info?: { name: string; value: string }[];
  sync?: { resources?: unknown[] };
}

interface State {
  phase: string;
  operation?: Operation;
}

const stateOf = ({ status }: KubernetesObject) => status?.["operationState"] as State | undefined;

/** Argo CD takes up what it is asked for within a second; one that failed is asked for again after this. */
const pauseMs = 1_500;

/**
 * Asks for a full sync of each Application, after the namespace is gone. One that runs already was begun by self-heal while
 * the namespace was going: it is limited to what was out of sync then, tries for minutes in vain, and no other sync begins
 * before its end; so it is ended first.
 * @param since tells the syncs of this loss from others: what was asked for is not asked for again
 */
export async function rebuildByArgo(
  session: Session,
  holders: KubernetesObject[],
  { since, withinMs }: { since: string; withinMs: number },
  context: StepContext,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  await Promise.all(
    holders.map(async ({ metadata: { name, namespace } }) => {
      await refresh(session, name, namespace, context);
      for (;;) {
        const object = await session.cluster.get(applications, name, namespace);
        const state = object && stateOf(object);
        if (object === undefined || (isOurs(state?.operation, since) && state?.phase === "Succeeded")) return;
        if (isOurs(state?.operation, since) && state?.phase === "Running")
          await untilEnded(session, object, deadline, context);
        else await ask(session, object, since, context);
      }
    }),
  );
}

async function untilEnded(session: Session, { metadata }: KubernetesObject, deadline: number, context: StepContext) {
  await waitForApplication(session, metadata.name, metadata.namespace, context, {
    what: `the sync of Application ${metadata.name} to end`,
    holds: (one) => stateOf(one)?.phase !== "Running",
    withinMs: Math.max(1, deadline - performance.now()),
  });
  await sleep(pauseMs, undefined, { signal: context.signal });
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
  await sleep(pauseMs, undefined, { signal: context.signal });
}

function isOurs(operation: Operation | undefined, since: string): boolean {
  const { info = [], sync } = operation ?? {};
  return sync?.resources === undefined && info.some((one) => one.name === "lostAt" && one.value === since);
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
