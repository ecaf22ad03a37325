import type { Resumed } from "../activities/resume.ts";
import { ofRun, stepId, type Verb } from "../plan/steps.ts";
import type { Expected, Remains } from "../activities/verbs.ts";
import { hasBegunLoss } from "../report/loss.ts";
import type { RunRecord, RunType, Scenario, StepRecord } from "../report/record.ts";
import { noteResult } from "./journal.ts";

/**
 * Which finished steps a run takes over from the one that it resumes. What led to the loss is taken over, because the target
 * is gone and its backup is all that there is. As long as nothing was lost all is done anew: the run has removed its
 * sentinel, and an older backup would lose what was written since.
 */
function carriedSteps(
  { type, scenario }: { type: RunType; scenario: Scenario },
  resumed: Pick<Resumed, "steps" | "components">,
  component: string,
  { target }: Remains,
): StepRecord[] {
  const { steps } = resumed;
  const of = (verb: Verb) => steps.find(({ id }) => id === stepId(verb, component));
  const take = (...verbs: Verb[]) =>
    verbs.flatMap((verb) => {
      const step = of(verb);
      return step?.status === "done" || step?.status === "skipped" ? [step] : [];
    });
  if (scenario === "cluster" && type === "restore") {
    if (!goesOn(resumed, target)) return [];
    // Layers are made again as often as one likes; who was lost, and what was restored, is known from before.
    const looked = steps.filter((step) => isLookedAt(step, component));
    return [...take("inspect"), ...looked, ...(target === "placed" ? take("restore") : [])];
  }
  if (scenario === "cluster") {
    if (!hasBegunLoss(steps)) return [];
    const layers = steps.filter((step) => step.component === component && isOfLayer(step) && step.status === "done");
    // The controls too: what they have found while nothing was there cannot be found any more.
    return [...take("inspect", "plant", "backup", "proof", "gone", "control"), ...layers];
  }
  if (type === "backup") return of("backup")?.status === "done" ? take("inspect", "backup") : [];
  if (scenario === "none") return [];
  if (target === "placed")
    return take("inspect", "plant", "backup", "proof", "destroy", "control", "restore", "verify", "place");
  // One that was cut short may have done it: then the step finds that out by itself.
  const begun = hasBegunLoss(lossSteps(resumed, component));
  const lost = type === "exercise" && target === "gone" && begun;
  return lost ? take("inspect", "plant", "backup", "proof", "destroy") : [];
}

const guardsId = ofRun.preflightGuards[0];

/** Without the guards' leave nothing was made: then a cluster that answers is none of this run's. */
function goesOn({ steps }: Pick<Resumed, "steps">, target: Remains["target"]): boolean {
  return steps.find(({ id }) => id === guardsId)?.status === "done" && target !== "there";
}

function isLookedAt({ id, component: of, status }: StepRecord, component: string): boolean {
  return of === component && status === "done" && id.startsWith("preflight/layer/");
}

/** What is known of a layer, and what is gone of it; making one anew may be done twice. */
function isOfLayer({ id }: StepRecord): boolean {
  return /^(preflight\/(layer|plan)|destroy\/layer)\//.test(id);
}

/** The steps that take a component away: data goes with its namespace. */
function lossSteps({ steps, components }: Pick<Resumed, "steps" | "components">, component: string): StepRecord[] {
  const holder = components.find(({ name }) => name === component)?.holder;
  return steps.filter((step) => step.destroys && step.component === (holder ?? component));
}

/** What must be so of a component when a run is resumed. */
export function expectedOf(resumed: Resumed, component: string): Expected {
  const { steps, components } = resumed;
  const of = (verb: Verb) => steps.find(({ id }) => id === stepId(verb, component));
  const made = components.find(({ name }) => name === component)?.backup?.id ?? null;
  return {
    lost: lossSteps(resumed, component).some(({ status }) => status === "done"),
    placing: (of("place")?.startedAt ?? null) !== null,
    backup: of("proof")?.status === "done" ? made : null,
  };
}

/** Names of the components that steps are taken over of, whatever is found when one looks at them. */
export function surelyTaken(run: { type: RunType; scenario: Scenario }, resumed: Resumed): string[] {
  const isTaken = (name: string) => carriedSteps(run, resumed, name, { target: "gone", note: "" }).length > 0;
  return resumed.components
    .map(({ name }) => name)
    .filter((name) => (run.type === "backup" || expectedOf(resumed, name).lost) && isTaken(name));
}

/** Whether a run has taken a step over. */
export function isCarried({ steps }: Pick<RunRecord, "steps">, verb: Verb, component: string): boolean {
  return steps.find(({ id }) => id === stepId(verb, component))?.carriedOver ?? false;
}

/** Writes into the record what it takes over. @returns names of the components that it takes steps of over */
export function takeOver(
  record: RunRecord,
  resumed: Resumed,
  remains: Record<string, Remains>,
  components = record.components,
): Set<string> {
  const taken = new Set<string>();
  for (const about of components) {
    const { name } = about;
    const before = resumed.components.find((one) => one.name === name);
    for (const one of carriedSteps(record.run, resumed, name, remains[name]!)) {
      const step = record.steps.find(({ id }) => id === one.id)!;
      Object.assign(step, one, { carriedOver: true, expectedSeconds: step.expectedSeconds });
      if (step.status === "done") noteResult(record, step, resumed.of[name]?.results[step.id]);
      about.directory = before!.directory;
      taken.add(name);
    }
    // What it had begun of a volume is known there, although no step of it is done.
    const { type, scenario } = record.run;
    if (type === "restore" && scenario === "cluster" && before !== undefined && goesOn(resumed, remains[name]!.target))
      about.directory = before.directory;
    // All that was measured and checked of it is in the record of the run before.
    if (isCarried(record, "place", name)) Object.assign(about, before);
  }
  return taken;
}
