import {
  CancellationScope,
  isCancellation,
  proxySinks,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from "@temporalio/workflow";
import type { Done, Inspection, Proof, RunRef } from "../activities/verbs.ts";
import { fail } from "../failures.ts";
import type { Facts } from "../guard/facts.ts";
import { outline, stepId } from "../plan/outline.ts";
import type { Component, Plan } from "../plan/schema.ts";
import type { Refusal, RunRecord, Scenario, StepRecord } from "../report/record.ts";
import type { StepActivity } from "./activities.ts";
import { renderDetails } from "./details.ts";
import { createClock } from "./clock.ts";
import { createGate } from "./gate.ts";
import { createLocks } from "./locks.ts";
import {
  detailsOf,
  failedStep,
  finishedStep,
  newStep,
  noteResult,
  noteVerification,
  type StepDetails,
} from "./journal.ts";
import { decideSignal, decideUpdate, recordQuery } from "./messages.ts";
import type { RecorderSinks } from "./sinks.ts";

const { recorder } = proxySinks<RecorderSinks>();
/** Components of a phase that work at the same time. */
const lanes = 4;

export interface LoadedPlan {
  plan: Plan;
  sha256: string;
  codeVersion: string;
  /** Task queue of the host that keeps the plan and the run's directory. */
  host: string;
  /** Where the report will lie. */
  directory: string;
  /** Median seconds of earlier runs, by step. */
  expectedSeconds: Record<string, number>;
}

type Verb = Parameters<typeof stepId>[0];

/** One execution of a plan: journal, gate, order and timing of its steps, and what people see of it. */
export class Run {
  readonly record: RunRecord;
  readonly toTime: string | null;
  private readonly ref: RunRef;
  private readonly clock = createClock();
  private readonly gate: ReturnType<typeof createGate>;
  private readonly locks: ReturnType<typeof createLocks>;
  private host = "";
  private components: Component[] = [];

  /** Registers all handlers; call it before anything is awaited. */
  constructor(record: RunRecord, ref: RunRef, toTime: string | null) {
    this.record = record;
    this.ref = ref;
    this.toTime = toTime;
    this.locks = createLocks(record);
    this.gate = createGate(
      record,
      () => this.now(),
      () => this.show(),
    );
    setHandler(recordQuery, () => this.record, { description: "Everything that has happened so far" });
    setHandler(decideUpdate, this.gate.decideByUpdate, {
      description: "Answer a failed step: retry, skip or abort",
      validator: this.gate.check,
    });
    setHandler(decideSignal, this.gate.decideBySignal, {
      description: "The same as the update, without an answer",
    });
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
    const { plan, expectedSeconds } = loaded;
    this.host = loaded.host;
    this.ref.planSha256 = loaded.sha256;
    this.components = components;
    Object.assign(this.record, {
      plan: { name: plan.name, sha256: loaded.sha256, environment: plan.environment },
      codeVersion: loaded.codeVersion,
      directory: loaded.directory,
      steps: outline(this.ref.type, this.scenario, components).map((step) =>
        newStep(step, expectedSeconds[step.id] ?? null),
      ),
    });
    this.show();
  }

  /** Runs a step about a component to its end, through as many failures and decisions as it takes. */
  async step<I, T>(verb: Verb, component: Component, activity: StepActivity<I, T>, input: I): Promise<T> {
    const result = await this.runStep(stepId(verb, component.name), activity, input);
    if (result === undefined)
      throw fail("UNEXPECTED", `${stepId(verb, component.name)} was skipped although it may not be`);
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

  /** Takes the targets for this run alone; the guards then tell of what somebody else has. */
  async lock(inspections: Record<string, Inspection>): Promise<void> {
    await this.locks.take(inspections);
  }

  /** A step that only thinks: asks the guards and ends the run when one refuses. @throws REFUSED */
  guard(id: string, ask: () => Refusal[]): void {
    const step = this.find(id);
    const now = this.now();
    const refusals = ask();
    Object.assign(step, {
      status: refusals.length === 0 ? "done" : "aborted",
      startedAt: now,
      endedAt: now,
      attempts: 1,
    });
    step.note = refusals.length === 0 ? "nothing refused" : `${refusals.length} refused`;
    this.record.refusals.push(...refusals);
    this.show();
    if (refusals.length > 0)
      throw fail("REFUSED", refusals.map(({ message }) => message).join("; "), refusals[0]!.hint);
  }

  /** Does something for every component, a few at a time. When one is given up, the others are stopped. */
  async each<R>(work: (component: Component) => Promise<R>): Promise<Record<string, R>> {
    const queue = [...this.components];
    const results: Record<string, R> = {};
    const failures: unknown[] = [];
    await CancellationScope.cancellable(async () => {
      const scope = CancellationScope.current();
      const lane = async () => {
        for (let next = queue.shift(); next !== undefined && failures.length === 0; next = queue.shift()) {
          try {
            results[next.name] = await work(next);
          } catch (error) {
            failures.push(error);
            scope.cancel();
          }
        }
      };
      await Promise.all(Array.from({ length: lanes }, lane));
    });
    if (failures.length > 0) throw failures[0];
    return results;
  }

  /** Whether every check of a component was made and has passed. */
  isProven(component: string): boolean {
    const checks = this.record.components.find(({ name }) => name === component)?.checks ?? [];
    return checks.length > 0 && checks.every(({ proven, passed }) => proven && passed);
  }

  /** What the guards need to know, from what the components' inspections found. */
  facts(stage: Facts["stage"], inspections: Record<string, Inspection>, proofs: Record<string, Proof> = {}): Facts {
    const { type, scenario } = this.record.run;
    const verified = Object.entries(proofs).map(([component, { backupId, verifiedAt }]) => ({
      component,
      backupId,
      verifiedAt,
    }));
    return {
      type,
      scenario,
      environment: this.record.plan.environment,
      stage,
      verified,
      components: Object.values(inspections).map(({ facts }) => facts),
      unlocked: this.locks.unlocked,
    };
  }

  /** Puts the record before people's eyes: details in the UI, and the record on the worker's disk. */
  show(): void {
    const { status } = this.record;
    if (status === "running" || status === "waiting") this.record.status = this.gate.isOpen() ? "running" : "waiting";
    setCurrentDetails(renderDetails(this.record, workflowInfo().workflowId));
    recorder.save(this.record);
  }

  private find(id: string): StepRecord {
    const step = this.record.steps.find((one) => one.id === id);
    if (step === undefined) throw fail("UNEXPECTED", `step ${id} was not announced`);
    return step;
  }

  private async runStep<I, T>(id: string, activity: StepActivity<I, T>, input: I): Promise<Done<T> | undefined> {
    const step = this.find(id);
    for (let tryNo = 0; ; tryNo += 1) {
      const [from, own] = [this.now(), Date.now()];
      step.status = "running";
      step.startedAt ??= from;
      this.show();
      try {
        const done = await activity.executeWithOptions({ activityId: id, summary: step.title, taskQueue: this.host }, [
          { ...input, run: { ...this.ref, tryNo } },
        ]);
        this.clock.passed(from, own, done.attempts);
        finishedStep(step, done.attempts, this.now());
        noteResult(this.record, step, done.value);
        this.show();
        return done;
      } catch (error) {
        if (isCancellation(error)) throw this.cancelled(step, error);
        const details = detailsOf(error);
        this.clock.passed(from, own, details.attempts);
        failedStep(step, error, details, this.now());
        if (!(await this.ask(step, details))) return undefined;
      }
    }
  }

  private cancelled(step: StepRecord, error: unknown): unknown {
    Object.assign(step, { status: "cancelled", endedAt: this.now() });
    this.show();
    return error;
  }

  /** Waits for a person. True: try again; false: skipped. @throws ABORTED */
  private async ask(step: StepRecord, details: StepDetails): Promise<boolean> {
    if (step.component !== null && "verification" in details)
      noteVerification(this.record, step.component, details.verification);
    if (this.record.status === "closing") return this.giveUpQuietly(step);
    const decision = await this.gate.wait(step).catch((error: unknown) => {
      throw this.cancelled(step, error);
    });
    const { action, by } = decision;
    if (action === "retry") return true;
    Object.assign(step, { status: action === "skip" ? "skipped" : "aborted", endedAt: this.now() });
    this.show();
    if (action === "skip") return false;
    throw fail("ABORTED", `${by} gave up at ${step.id}: ${step.failures.at(-1)?.message}`);
  }

  /** While a run that was given up cleans up, nobody is asked any more: what fails then is named in the report. */
  private giveUpQuietly(step: StepRecord): boolean {
    Object.assign(step, { status: "aborted", endedAt: this.now() });
    this.show();
    return false;
  }
}
