import { isCancellation, proxySinks, setCurrentDetails, setHandler, workflowInfo } from "@temporalio/workflow";
import type { Done, Inspection, Proof, Remains, RunRef } from "../activities/verbs.ts";
import { fail } from "../failures.ts";
import { destroyed, type Facts } from "../guard/facts.ts";
import type { Layer } from "../plan/infrastructure-schema.ts";
import { dataOf } from "../plan/namespace-data.ts";
import { outline, particularsOf } from "../plan/outline.ts";
import { type LayerVerb, stepId, type Verb } from "../plan/steps.ts";
import type { ClusterInput } from "../activities/cluster/verbs.ts";
import type { Component, DataComponent, Plan } from "../plan/schema.ts";
import { drillsLike } from "./before.ts";
import type { Refusal, RunRecord, Scenario, StepRecord } from "../report/record.ts";
import type { Resumed } from "../activities/resume.ts";
import type { InCluster, StepActivity } from "./activities.ts";
import { newApprovals } from "./approvals.ts";
import { renderDetails } from "./details.ts";
import { takeOver } from "./carry.ts";
import { confirmAll } from "./confirm.ts";
import { createClock } from "./clock.ts";
import { factsOf } from "./facts.ts";
import { inLanes } from "./lanes.ts";
import { findVolumes } from "./listing.ts";
import { createLocks } from "./locks.ts";
import { isProven, newStep } from "./journal.ts";
import { recordQuery } from "./messages.ts";
import { createPeople } from "./people.ts";
import { createPlanInUse, type LoadedPlan } from "./plan-in-use.ts";
import type { RecorderSinks } from "./sinks.ts";
import { createSteps } from "./steps.ts";
import { createVolumes } from "./volumes.ts";

const { recorder } = proxySinks<RecorderSinks>();

/** One execution of a plan: journal, gate, order and timing of its steps, and what people see of it. */
export class Run {
  readonly record: RunRecord;
  readonly toTime: string | null;
  /** Directories of the run before. */
  taken: { taken?: string[] } = {};
  private readonly ref: RunRef;
  private readonly clock = createClock();
  readonly people: ReturnType<typeof createPeople>;
  private readonly locks: ReturnType<typeof createLocks>;
  private readonly plan: ReturnType<typeof createPlanInUse>;
  /** By the IDs of steps. */
  private expectedSeconds: Record<string, number> = {};
  private readonly steps: ReturnType<typeof createSteps>;
  private readonly volumes: ReturnType<typeof createVolumes>;
  /** What the run before has left, by the names of components. */
  private remains: Record<string, Remains> = {};

  /** Registers all handlers; call it before anything is awaited. */
  constructor(record: RunRecord, ref: RunRef, toTime: string | null) {
    this.record = record;
    this.ref = ref;
    this.toTime = toTime;
    this.locks = createLocks(record);
    this.plan = createPlanInUse(record, ref);
    this.people = createPeople(
      record,
      () => this.now(),
      () => this.show(),
      this.plan,
    );
    const show = () => this.show();
    const surroundings = { record, ref, clock: this.clock, people: this.people, plan: this.plan, show };
    this.steps = createSteps(surroundings);
    this.volumes = createVolumes(surroundings, this.steps);
    setHandler(recordQuery, () => this.record, { description: "Everything that has happened so far" });
  }

  /** ISO 8601 in UTC. */
  now(): string {
    return this.clock.now();
  }

  get scenario(): Scenario {
    return this.record.run.scenario;
  }

  /** Announces the steps of a plan that was read. */
  announce(loaded: LoadedPlan, components: Component[]): void {
    const { plan } = loaded;
    this.expectedSeconds = loaded.expectedSeconds;
    const steps = this.stepsNow(plan);
    Object.assign(this.record, {
      plan: { name: plan.name, sha256: loaded.sha256, environment: plan.environment },
      codeVersion: loaded.codeVersion,
      directory: loaded.directory,
      before: drillsLike(loaded.before ?? [], components),
      steps,
      // A run that destroys nothing asks nobody.
      approvals: steps.some(({ id }) => id === "approve/destroy") ? newApprovals(plan) : null,
    });
    this.plan.begin(loaded, components);
    this.show();
  }

  /** Finds the volumes of components that mean many, and announces the steps of each. @throws PLAN_INVALID */
  async list(plan: Plan, resumed: Resumed | null): Promise<void> {
    if (!this.record.components.some(({ many }) => many)) return;
    await findVolumes(this.record, this.plan, this.steps, resumed);
    this.record.steps = this.stepsNow(plan);
    this.show();
  }

  /** Takes over what the run before has finished, as far as it is still so. @throws REQUEST_INVALID */
  async resume(resumed: Resumed): Promise<void> {
    this.steps.resume(resumed);
    this.taken = { taken: resumed.directories };
    this.remains = await confirmAll(this, resumed);
    this.plan.requireLike(resumed, takeOver(this.record, resumed, this.remains));
    this.show();
  }

  /** The same of volumes that were found since. */
  takeOverLate(resumed: Resumed): void {
    const [cluster] = Object.values(this.remains);
    const found = this.record.components.filter(({ name }) => !(name in this.remains));
    takeOver(this.record, resumed, Object.fromEntries(found.map(({ name }) => [name, cluster!])), found);
    this.show();
  }

  /** Runs a step about a component to its end, through as many failures and decisions as it takes. */
  async step<I, T>(verb: Verb, component: Component, activity: StepActivity<I, T>, input: I): Promise<T> {
    const id = stepId(verb, component.name);
    const result = await this.runStep(id, activity, input);
    if (result === undefined) throw fail("UNEXPECTED", `${id} was skipped although it may not be`);
    return result.value;
  }

  /** The same for a step that a person may skip; null when one did. */
  async optional<I, T>(verb: Verb, component: Component, activity: StepActivity<I, T>, input: I): Promise<T | null> {
    return (await this.runStep(stepId(verb, component.name), activity, input))?.value ?? null;
  }

  /** A step of the whole run. */
  async ofRun<I, T>(id: string, activity: StepActivity<I, T>, input: I): Promise<T | null> {
    return (await this.runStep(id, activity, input))?.value ?? null;
  }

  /** Takes the targets for this run alone, or only looks who has them; the guards then tell of what somebody else has. */
  async lock(inspections: Record<string, Inspection>, how: "take" | "look" = "take"): Promise<void> {
    const components = Object.values(inspections).map(({ facts }) => facts);
    await this.locks[how](components, this.ref, this.plan.host());
  }

  /**
   * Waits until other people agree to the destruction, where the plan asks for it and something is destroyed.
   * @throws ABORTED when a person gives up, and when too few agree in time
   */
  async approve(inspections: Record<string, Inspection>): Promise<void> {
    if (this.record.approvals === null) return;
    const step = this.steps.find("approve/destroy");
    Object.assign(step, { startedAt: this.now(), attempts: 1 });
    const needed = destroyed(this.facts("destroy", inspections)).length > 0;
    try {
      if (this.people.arePausing()) await this.steps.waitOutPause(step);
      if (needed) await this.people.approve(step);
    } catch (error) {
      throw isCancellation(error) ? this.steps.cancelled(step, error) : error;
    }
    const names = this.people.approvals().map(({ by }) => by);
    step.note = needed ? `approved by ${names.join(" and ")}` : "nothing is destroyed";
    Object.assign(step, { status: "done", endedAt: this.now() });
    this.show();
  }

  /** A step that only thinks: asks the guards and, unless it only tells, ends the run when one refuses. @throws REFUSED */
  guard(id: string, ask: () => Refusal[], then: "end" | "tell" = "end"): void {
    const step = this.steps.find(id);
    const now = this.now();
    const refusals = ask();
    const status = refusals.length === 0 || then === "tell" ? "done" : "aborted";
    Object.assign(step, { status, startedAt: now, endedAt: now, attempts: 1 });
    step.note = refusals.length === 0 ? "nothing refused" : `${refusals.length} refused`;
    this.record.refusals.push(...refusals);
    this.show();
    if (status === "aborted")
      throw fail("REFUSED", refusals.map(({ message }) => message).join("; "), refusals[0]!.hint);
  }

  /** Does something for every component with data, a few at a time. When one is given up, the others are stopped. */
  async each<R>(work: (component: DataComponent) => Promise<R>): Promise<Record<string, R>> {
    return await inLanes(this.plan.groups(), work);
  }

  /** The same for every component of a kind that only the cluster knows. */
  async eachOf<K extends Component["kind"], R>(
    kind: K,
    work: (input: InCluster<K>) => Promise<R>,
  ): Promise<Record<string, R>> {
    const all = this.plan.components().filter((one) => one.kind === kind) as InCluster<K>["component"][];
    return await inLanes([{ components: all }], (component) => work({ component, access: this.plan.access() }));
  }

  /** The databases that a namespace names as its data. */
  dataOf({ component: holder, access }: InCluster<"namespace">) {
    return dataOf(holder, this.plan.components()).map((component) => ({ component, holder, access }));
  }

  /** The whole cluster, and what it is made of. @throws REQUEST_INVALID where the plan does not say it */
  cluster(): { input: Omit<ClusterInput, "run">; layers: Layer[] } {
    return this.plan.cluster();
  }

  /** Runs a step about a layer of infrastructure to its end. */
  async layer<I, T>(verb: LayerVerb, layer: Layer, activity: StepActivity<I, T>, input: I): Promise<T> {
    return (await this.runStep(stepId(verb, layer.name), activity, input))!.value;
  }

  /** Whether every check of a component was made and has passed. */
  isProven(component: string): boolean {
    return isProven(this.record, component);
  }

  /** What the guards need to know, from what the components' inspections found. */
  facts(stage: Facts["stage"], inspections: Record<string, Inspection>, proofs: Record<string, Proof> = {}): Facts {
    const people = { wanted: this.plan.approvals(), by: this.people.approvals().map(({ by }) => by) };
    const more = { stage, unlocked: this.locks.unlocked, freeze: this.plan.freeze(), now: this.now() };
    return factsOf(this.record, inspections, proofs, people, more);
  }

  /** Puts the record before people's eyes: details in the UI, and the record on the worker's disk. */
  show(): void {
    const { status } = this.record;
    if (status === "running" || status === "waiting") this.record.status = this.people.isOpen() ? "running" : "waiting";
    setCurrentDetails(renderDetails(this.record, workflowInfo().workflowId));
    recorder.save(this.record);
  }

  /** Undefined when a person skipped it. */
  private runStep<I, T>(id: string, activity: StepActivity<I, T>, input: I): Promise<Done<T> | undefined> {
    return (this.volumes.has(id) ? this.volumes : this.steps).run(id, activity, input);
  }

  /** All steps of what is known to be there by now; one that was announced before stays as it is. */
  private stepsNow(plan: Plan): StepRecord[] {
    const { components, earlier, run, steps } = this.record;
    return outline(run.type, run.scenario, components, particularsOf(plan, earlier.length > 0)).map(
      (step) => steps.find(({ id }) => id === step.id) ?? newStep(step, this.expectedSeconds[step.id] ?? null),
    );
  }
}
