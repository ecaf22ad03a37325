import { type ActivityFunctionWithOptions, proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../activities/index.ts";
import type { Done, RunRef, Verbs } from "../activities/verbs.ts";
import type { Component } from "../plan/schema.ts";

/**
 * Every time-out and retry of the product. Attempts are not limited: a worker that is killed uses one up. Only losses of
 * the infrastructure are retried; whatever a step itself reports is not retryable and goes to the gate.
 */
const retry = { initialInterval: "1s", backoffCoefficient: 2, maximumInterval: "30s" } as const;

/** Short and without a heartbeat: our own files, and questions to Temporal. */
export const { loadPlan, lockHolder } = proxyActivities<Activities>({ startToCloseTimeout: "1 minute", retry });

/** Steps: they heartbeat twice a second, and a day is longer than any of them may take. */
const steps = proxyActivities<Activities>({ startToCloseTimeout: "24 hours", heartbeatTimeout: "60 seconds", retry });
export const { cleanUp, writeReport } = steps;

/** An activity that `run.step` can start under a step's ID. */
export type StepActivity<I, T> = ActivityFunctionWithOptions<(input: I & { run: RunRef }) => Promise<Done<T>>>;

type Proxied<V> = {
  [K in keyof V]: V[K] extends (...args: infer A) => infer R
    ? ActivityFunctionWithOptions<(...args: A) => R extends Promise<infer T> ? Promise<T> : never>
    : never;
};

/** Component kind → its activities. A kind without an entry, or an entry without a verb, does not compile. */
const kinds: { [K in Component["kind"]]: Proxied<Verbs<Extract<Component, { kind: K }>>> } = {
  pgdump: {
    inspect: steps.inspectPgDump,
    plant: steps.plantPgDump,
    backup: steps.backupPgDump,
    proveBackup: steps.provePgDump,
    destroy: steps.destroyPgDump,
    control: steps.controlPgDump,
    restore: steps.restorePgDump,
    verify: steps.verifyPgDump,
    place: steps.placePgDump,
    retain: steps.retainPgDump,
  },
  pgbackrest: {
    inspect: steps.inspectPgBackRest,
    plant: steps.plantPgBackRest,
    backup: steps.backupPgBackRest,
    proveBackup: steps.provePgBackRest,
    destroy: steps.destroyPgBackRest,
    control: steps.controlPgBackRest,
    restore: steps.restorePgBackRest,
    verify: steps.verifyPgBackRest,
    place: steps.placePgBackRest,
    retain: steps.retainPgBackRest,
  },
};

/** The verbs of a component's own kind; the component that goes in decides which, so the cast is safe. */
export function on(component: Component): Proxied<Verbs<Component>> {
  return kinds[component.kind];
}
