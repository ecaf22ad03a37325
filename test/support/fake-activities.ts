import { setTimeout as sleep } from "node:timers/promises";
import { activityInfo, cancelled, heartbeat } from "@temporalio/activity";
import { ApplicationFailure } from "@temporalio/common";
import type { Resumed } from "../../src/activities/resume.ts";
import type { Attempt, RunRef } from "../../src/activities/verbs.ts";
import type { ComponentFacts } from "../../src/guard/facts.ts";
import type { Layer } from "../../src/plan/infrastructure-schema.ts";
import type { Component, Plan } from "../../src/plan/schema.ts";
import type { CheckRecord, RunRecord } from "../../src/report/record.ts";

/** Stand-ins for what touches the world: they succeed unless told otherwise, and remember the order of calls. */
export interface Fakes {
  /** IDs of steps in the order in which they were called. */
  calls: string[];
  /** Each step's inputs, newest last. */
  inputs: Record<string, unknown[]>;
  activities: Record<string, (input: never) => Promise<unknown>>;
  /** What stands in the plan's file by now. */
  file: { plan: Plan; sha256: string };
  /** What a closed run has left. */
  resumed: Resumed | undefined;
}

type Behaviour = (call: number, input: { run: RunRef; component: Component }) => unknown;

export const now = () => new Date().toISOString();
const attempts = (): Attempt[] => [{ startedAt: now(), endedAt: now(), outcome: "ran" }];

/** A failure as the real activities make it. */
export function stepFailure(type: string, message: string, facts: object = {}): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, type, { hint: `hint for ${type}`, attempts: attempts(), ...facts });
}

export const check = (name: string, passed = true): CheckRecord => ({
  name,
  title: name,
  proven: true,
  passed,
  exact: true,
  negativeControl: null,
  expected: "as it was",
  found: passed ? "as it was" : "different",
});

export function facts(component: { name: string; kind: string }, more: Partial<ComponentFacts> = {}): ComponentFacts {
  return {
    name: component.name,
    kind: component.kind,
    target: `database ${component.name}`,
    exists: true,
    identity: "1",
    listed: true,
    listLine: "- { … }",
    denied: null,
    inRecovery: false,
    replicas: 0,
    tablespacesOutside: [],
    insideTarget: [],
    archiving: true,
    space: null,
    ...more,
  };
}

const verification = (name: string, { startedAt }: RunRef) => ({
  checks: [check(name)],
  newestRecoveredAt: startedAt,
  verifiedAt: now(),
  note: "1 of 1 checks passed",
});
const backup = {
  id: "b1",
  completedAt: now(),
  bytes: 1,
  location: "/backups/b1",
  sha256: "00",
  fingerprint: "",
  note: "made",
};

const tellsLoss = ({ scenario }: RunRef, { kind }: Component) =>
  scenario === "none" || (scenario === "namespace" && kind !== "namespace");

/** Names of the volumes that a component of this name means, the same as those of the real activity. */
export const volumesOf = (component: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${component}-data-${n + 1}`);

/** What the real activity says of a component that means so many. */
export const listed = (component: string, count: number) => ({
  volumes: volumesOf(component, count).map((name, n) => ({
    name,
    of: { component, claim: `data-${n + 1}`, workload: `deployment/app-${n + 1}` },
  })),
  note: `${count} volumes`,
});

/** What each verb returns when all is well. */
const good: Record<string, (input: { component: Component; run: RunRef }) => unknown> = {
  inspect: ({ component }) => ({ target: `database ${component.name}`, facts: facts(component), note: "looked at" }),
  confirm: () => ({ target: "there", note: "there" }),
  plant: () => ({ sha256: "00", at: now(), note: "planted" }),
  backup: () => backup,
  prove: ({ run }) => ({
    backupId: "b1",
    verifiedAt: now(),
    note: "proven",
    ...(run.type === "audit" && { newest: { backup, takenAt: run.startedAt, whole: true } }),
  }),
  destroy: () => ({ lostAt: now(), note: "destroyed" }),
  control: ({ run, component }) => ({
    checks: [{ name: "data", passed: false, found: "gone" }],
    // Of what is destroyed by a step of its own, that step tells when.
    lostAt: run.type === "exercise" && tellsLoss(run, component) ? now() : null,
    note: "fails",
  }),
  recall: ({ component }) => ({ target: component.name, facts: facts(component, { exists: false }), note: "known" }),
  reach: () => ({ waits: [], note: "answers" }),
  rebuild: () => ({ waits: [], note: "rebuilt" }),
  settle: () => ({ waits: [], note: "ready" }),
  restore: () => ({ place: "scratch", backup, waits: [], note: "restored" }),
  verify: ({ run }) => verification("data", run),
  place: ({ run }) => verification("place", run),
  retain: () => ({ removed: [], note: "kept" }),
};

/** The same of a layer of infrastructure. */
const goodOfLayer: Record<string, (layer: Layer) => unknown> = {
  inspect: (layer) => ({ facts: factsOf(layer), states: [], note: "read" }),
  plan: (layer) => {
    const none = { names: [], more: 0 };
    return { id: "00", at: now(), facts: factsOf(layer), states: [], count: 3, destroys: none, kept: none, note: "3" };
  },
  destroy: () => ({ lostAt: now(), destroyed: 3, note: "destroyed" }),
  apply: () => ({ builtAt: now(), resources: 3, states: [], missing: { names: [], more: 0 }, note: "built" }),
};
const factsOf = (layer: Layer) => facts(layer, { target: "infrastructure" });

/** Tells nobody; while something waits it stays as long as the real one. */
async function takeNotice({ facts }: { facts: { event: string } }) {
  if (facts.event !== "waiting") return { sent: 1, failed: 0, why: null };
  const beating = setInterval(() => heartbeat(), 50);
  // One that is on its way is sent yet, after all else of a run that is given up.
  await cancelled().catch(() => sleep(300));
  clearInterval(beating);
  return { sent: 1, failed: 0, why: null };
}

/**
 * @param behaviours by step ID, such as `restore/shop`: gets the number of the call (from 1), returns the value or throws
 */
export function fakeActivities(plan: Plan, host: string, behaviours: Record<string, Behaviour> = {}): Fakes {
  const fakes: Fakes = { calls: [], inputs: {}, activities: {}, file: { plan, sha256: "ab" }, resumed: undefined };
  const run = async (usual: (input: never) => unknown, input: never) => {
    const id = activityInfo().activityId;
    fakes.calls.push(id);
    (fakes.inputs[id] ??= []).push(input);
    const value = (await behaviours[id]?.(fakes.inputs[id].length, input)) ?? usual(input);
    return { value, attempts: attempts() };
  };
  for (const kind of ["PgDump", "PgBackRest", "Longhorn", "Namespace", "NamespaceData", "Workload", "Cluster"]) {
    for (const [verb, usual] of Object.entries(good)) fakes.activities[`${verb}${kind}`] = (input) => run(usual, input);
  }
  fakes.activities.listVolumes = (input) =>
    run(({ component }: { component: Component }) => listed(component.name, 3), input);
  for (const [verb, usual] of Object.entries(goodOfLayer)) {
    fakes.activities[`${verb}Infrastructure`] = (input: { layer: Layer }) =>
      run(() => usual(input.layer), input as never);
  }
  fakes.activities.cleanUp = (input) => run(() => ({ removed: 0, leftovers: [], note: "clean" }), input);
  fakes.activities.writeReport = (input: { record: RunRecord }) =>
    run(() => ({ note: `report of ${input.record.status}` }), input as never);
  // Alone on this server, unless a test asks it.
  fakes.activities.claim = async (input) => (await behaviours["claim"]?.(1, input)) ?? [];
  fakes.activities.loadPlan = async (input: { plan: string; run: RunRef }) => {
    const { plan: name } = input;
    if (name !== plan.name)
      throw ApplicationFailure.nonRetryable(`there is no plan "${name}"`, "PLAN_NOT_FOUND", {
        hint: `Did you mean "${plan.name}"?`,
      });
    // Nowhere, unless a test asks for one.
    const directory = ((await behaviours["directory"]?.(1, input as never)) as string | undefined) ?? "";
    return { plan, sha256: "ab", codeVersion: "0", host, directory, expectedSeconds: {} };
  };
  fakes.activities.loadResumed = () => Promise.resolve(fakes.resumed);
  fakes.activities.notify = takeNotice;
  fakes.activities.reloadPlan = () => Promise.resolve(fakes.file);
  return fakes;
}
