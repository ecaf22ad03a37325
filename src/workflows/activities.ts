import { type ActivityFunctionWithOptions, proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../activities/index.ts";
import type { Done, RunRef, Verbs } from "../activities/verbs.ts";
import type { ClusterVerbs } from "../activities/cluster/verbs.ts";
import type { LayerVerbs } from "../activities/infrastructure/verbs.ts";
import type { DataVerbs } from "../activities/namespace-data/verbs.ts";
import type { NamespaceVerbs } from "../activities/namespace/verbs.ts";
import type { WorkloadVerbs } from "../activities/workload/verbs.ts";
import type { ClusterAccess } from "../plan/access-schema.ts";
import type { Component, DataComponent } from "../plan/schema.ts";

/**
 * Every time-out and retry of the product. Attempts are not limited: a worker that is killed uses one up. Only losses of
 * the infrastructure are retried; whatever a step itself reports is not retryable and goes to the gate.
 */
const retry = { initialInterval: "1s", backoffCoefficient: 2, maximumInterval: "30s" } as const;

/** Short and without a heartbeat: our own files. */
export const { loadPlan, loadResumed, reloadPlan } = proxyActivities<Activities>({
  startToCloseTimeout: "1 minute",
  retry,
});

/** Questions to Temporal. One that does not let the worker ask (rights, version) ends the run, after some minutes. */
export const { claim } = proxyActivities<Activities>({
  startToCloseTimeout: "1 minute",
  retry: { ...retry, maximumAttempts: 10 },
});

/** A host is looked at while somebody waits for the answer; one whose worker is dead costs seconds. */
export const { examine } = proxyActivities<Activities>({
  scheduleToStartTimeout: "10 seconds",
  startToCloseTimeout: "40 seconds",
  retry: { maximumAttempts: 1 },
});

/** Steps: they heartbeat twice a second, and a day is longer than any of them may take. */
const steps = proxyActivities<Activities>({ startToCloseTimeout: "24 hours", heartbeatTimeout: "60 seconds", retry });
export const { cleanUp, listVolumes, writeReport } = steps;

/** Notices: the first word on an event may be late, but not for long; while a run waits they go on for as long. */
const beside = { heartbeatTimeout: "60 seconds", retry } as const;
export const { notify } = proxyActivities<Activities>({ ...beside, scheduleToCloseTimeout: "10 minutes" });
export const { notify: notifyWhileWaiting } = proxyActivities<Activities>({
  ...beside,
  startToCloseTimeout: "365 days",
  // What was sent is known only then.
  cancellationType: "WAIT_CANCELLATION_COMPLETED",
});

/** An activity that `run.step` can start under a step's ID. */
export type StepActivity<I, T> = ActivityFunctionWithOptions<(input: I & { run: RunRef }) => Promise<Done<T>>>;

type Proxied<V> = {
  [K in keyof V]: V[K] extends (...args: infer A) => infer R
    ? ActivityFunctionWithOptions<(...args: A) => R extends Promise<infer T> ? Promise<T> : never>
    : never;
};

/** Component kind → its activities. A kind without an entry, or an entry without a verb, does not compile. */
const kinds: { [K in DataComponent["kind"]]: Proxied<Verbs<Extract<DataComponent, { kind: K }>>> } = {
  pgdump: {
    inspect: steps.inspectPgDump,
    confirm: steps.confirmPgDump,
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
    confirm: steps.confirmPgBackRest,
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
  longhorn: {
    inspect: steps.inspectLonghorn,
    confirm: steps.confirmLonghorn,
    plant: steps.plantLonghorn,
    backup: steps.backupLonghorn,
    proveBackup: steps.proveLonghorn,
    destroy: steps.destroyLonghorn,
    control: steps.controlLonghorn,
    restore: steps.restoreLonghorn,
    verify: steps.verifyLonghorn,
    place: steps.placeLonghorn,
    retain: steps.retainLonghorn,
  },
};

/** The verbs of a component's own kind; the component that goes in decides which, so the cast is safe. */
export function on(component: DataComponent): Proxied<Verbs<DataComponent>> {
  return kinds[component.kind];
}

/** What the verbs of a component get that only a cluster knows. */
export type InCluster<K extends Component["kind"]> = {
  component: Extract<Component, { kind: K }>;
  access: ClusterAccess;
};

/** A database that is lost with its namespace; planted, backed up and proven as any other. */
export const onData: Proxied<DataVerbs> = {
  inspect: steps.inspectNamespaceData,
  confirm: steps.confirmNamespaceData,
  control: steps.controlNamespaceData,
  restore: steps.restoreNamespaceData,
  verify: steps.verifyNamespaceData,
  place: steps.placeNamespaceData,
};

/** A namespace has verbs of its own: it has no backup, and nobody restores it but GitOps. */
export const onNamespace: Proxied<NamespaceVerbs> = {
  inspect: steps.inspectNamespace,
  recall: steps.recallNamespace,
  confirm: steps.confirmNamespace,
  prove: steps.proveNamespace,
  destroy: steps.destroyNamespace,
  control: steps.controlNamespace,
  reach: steps.reachNamespace,
  rebuild: steps.rebuildNamespace,
  verify: steps.verifyNamespace,
};

/** So has a workload: what is its data stays on its volumes, and its controller makes its pods again. */
export const onWorkload: Proxied<WorkloadVerbs> = {
  inspect: steps.inspectWorkload,
  confirm: steps.confirmWorkload,
  plant: steps.plantWorkload,
  prove: steps.proveWorkload,
  destroy: steps.destroyWorkload,
  control: steps.controlWorkload,
  rebuild: steps.rebuildWorkload,
  verify: steps.verifyWorkload,
};

/** A whole cluster is destroyed and made by its infrastructure; its own verbs look, wait and compare. */
export const onCluster: Proxied<ClusterVerbs> = {
  inspect: steps.inspectCluster,
  recall: steps.recallCluster,
  confirm: steps.confirmCluster,
  prove: steps.proveCluster,
  control: steps.controlCluster,
  rebuild: steps.rebuildCluster,
  settle: steps.settleCluster,
  verify: steps.verifyCluster,
};

export const onLayer: Proxied<LayerVerbs> = {
  inspect: steps.inspectInfrastructure,
  plan: steps.planInfrastructure,
  destroy: steps.destroyInfrastructure,
  apply: steps.applyInfrastructure,
};
