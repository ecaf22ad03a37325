import { Gauge, Registry } from "prom-client";
import type { Verdict } from "../report/record.ts";
import type { Measured } from "./measured.ts";

/**
 * All metrics of Firedrill itself, from the records of runs alone: a worker that starts again has them at once. They are
 * gauges: records may be removed, and a counter that goes back would read as new runs.
 */
export function registryOf(runs: Measured[], unreadable: number): Registry {
  const registry = new Registry();
  const gauges = createGauges(registry);
  gauges.unreadable.set(unreadable);
  for (const group of Map.groupBy(runs, ({ plan, type, scenario }) => [plan, type, scenario].join("\n")).values()) {
    const { plan, type, scenario } = group[0]!;
    const drill = { plan, type, scenario };
    // One that was skipped says nothing of the plan: what the one before has found still stands.
    const ended = group.filter(({ endedAt, skipped }) => endedAt !== null && !skipped);
    gauges.waiting.set(drill, group.filter(({ waits }) => waits).length);
    // Never is long ago: an alert on the age then fires, too.
    gauges.lastSuccess.set(drill, unixTime(newest(ended.filter(({ verdict }) => verdict === "PASS"))));
    const last = newest(ended);
    if (last !== undefined) setLastRun(gauges, drill, last);
  }
  return registry;
}

interface Drill {
  plan: string;
  type: string;
  scenario: string;
}

function createGauges(registry: Registry) {
  const gauge = <L extends string = never>(name: string, help: string, ...more: L[]) =>
    new Gauge<keyof Drill | L>({
      name: `firedrill_${name}`,
      help,
      labelNames: ["plan", "type", "scenario", ...more],
      registers: [registry],
    });
  return {
    lastRun: gauge("last_run_timestamp_seconds", "When the newest run ended, whatever its verdict."),
    lastSuccess: gauge("last_success_timestamp_seconds", "When the newest run with verdict PASS ended, 0 for never."),
    verdict: gauge("last_run_verdict", "1 for the verdict of the newest run, 0 for the others.", "verdict"),
    rto: gauge("rto_seconds", "Recovery time of the newest run, where it was measured."),
    rtoObjective: gauge("rto_objective_seconds", "Recovery time that the plan asks for."),
    rpo: gauge("rpo_seconds", "Time of data that was lost in the newest run, where it was measured."),
    rpoObjective: gauge("rpo_objective_seconds", "Time of data that the plan allows to lose."),
    componentRto: gauge("component_rto_seconds", "Recovery time of one component.", "component"),
    componentRtoObjective: gauge(
      "component_rto_objective_seconds",
      "Recovery time that is asked for one component.",
      "component",
    ),
    componentRpo: gauge("component_rpo_seconds", "Time of data that one component has lost.", "component"),
    componentRpoObjective: gauge(
      "component_rpo_objective_seconds",
      "Time of data that one component may lose.",
      "component",
    ),
    phase: gauge(
      "phase_duration_seconds",
      "From the first step of a phase of the newest run to the end of its last one, waiting for people included.",
      "phase",
    ),
    waiting: gauge("waiting_for_person", "Runs that wait for a person: failed step, approvals or pause."),
    refusals: gauge("last_run_refusals", "Refusals of a guard in the newest run.", "guard"),
    unreadable: new Gauge({
      name: "firedrill_records_unreadable",
      help: "Records that were left out because they are damaged, of another version, or may not be read.",
      registers: [registry],
    }),
  };
}

const verdicts: Verdict[] = ["PASS", "FAIL", "INCONCLUSIVE"];

function setLastRun(gauges: ReturnType<typeof createGauges>, drill: Drill, last: Measured): void {
  gauges.lastRun.set(drill, unixTime(last));
  for (const verdict of verdicts) gauges.verdict.set({ ...drill, verdict }, last.verdict === verdict ? 1 : 0);
  setKnown(gauges.rto, drill, last.rto.seconds);
  setKnown(gauges.rtoObjective, drill, last.rto.objectiveSeconds);
  setKnown(gauges.rpo, drill, last.rpo.seconds);
  setKnown(gauges.rpoObjective, drill, last.rpo.objectiveSeconds);
  for (const { name, rto, rpo } of last.components) {
    const labels = { ...drill, component: name };
    setKnown(gauges.componentRto, labels, rto.seconds);
    setKnown(gauges.componentRtoObjective, labels, rto.objectiveSeconds);
    setKnown(gauges.componentRpo, labels, rpo.seconds);
    setKnown(gauges.componentRpoObjective, labels, rpo.objectiveSeconds);
  }
  for (const { phase, seconds } of last.phases) gauges.phase.set({ ...drill, phase }, seconds);
  for (const guard of last.refusals) gauges.refusals.inc({ ...drill, guard });
}

function setKnown<L extends string>(gauge: Gauge<L>, labels: Record<L, string>, value: number | null): void {
  if (value !== null) gauge.set(labels, value);
}

function newest(runs: Measured[]): Measured | undefined {
  return runs.toSorted((a, b) => unixTime(a) - unixTime(b)).at(-1);
}

/** Seconds since 1970; 0 for none. */
function unixTime(run: Measured | undefined): number {
  return run?.endedAt == null ? 0 : Date.parse(run.endedAt) / 1_000;
}
