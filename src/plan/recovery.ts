import { hasTouchedNothing } from "../report/loss.ts";
import type { RunRecord, StepRecord } from "../report/record.ts";
import { afterLoss, besideTheLive, recoveriesOfKind } from "./recovery-kinds.ts";
import { type StepVerb, verbOf } from "./steps.ts";

/** What a person should know when a step has failed and waits for an answer. Shown where it waits, and printed in docs/recovery.md. */
export interface Recovery {
  /** How the world is while it waits. */
  state: string;
  /** What to do before an answer. */
  act: string;
  /** What a retry does, and where it is not plain what skip and abort do. */
  answers: string;
}

const again = "Retry looks again.";
const untouched = "Nothing was touched.";

/** By the step, where a component's kind has none of its own. */
export const recoveries: Record<StepVerb, Recovery> = {
  list: {
    state: untouched,
    act: "Correct `namespace` and `selector` of the component, or bring back the claims that they should find.",
    answers: again,
  },
  inspect: {
    state: untouched,
    act: "Mend what the message names. A mistake in the plan: mend it there, and retry with `--reload`.",
    answers: again,
  },
  confirm: {
    state: "This run has touched nothing yet; what the run before has done stands.",
    act: "Look whether the target is still as that run has left it, and whether its directory on the worker's host is there.",
    answers: "Retry looks again; abort keeps everything as it is, and it can be resumed later.",
  },
  plant: {
    state: "The data is as it was, perhaps with the sentinel in it, which the clean-up takes out again.",
    act: "Mend what the message names: a right to write, mostly, or space.",
    answers: "Retry plants what is missing.",
  },
  backup: {
    state: "The data is as it was; an unfinished backup may lie in its store.",
    act: "Mend the store, the right or the space that the message names.",
    answers: "Retry makes the backup, and removes an unfinished one of this run.",
  },
  proof: {
    state: "The data is as it was; its backup is there, and not proven to be whole.",
    act: "If it is damaged, find out why: a real loss would have met the same backup.",
    answers: "Retry reads it again; for another backup abort, and start a new run.",
  },
  destroy: {
    state: "The data may be gone, wholly or in part. Its backup is proven, and lies elsewhere.",
    act: "Mend what kept it from being destroyed.",
    answers:
      "Retry looks what is left, and destroys that. After abort `firedrill restore PLAN` brings back what is gone.",
  },
  control: {
    state: "The data is gone, and nothing is restored yet. Its backup is untouched.",
    act: "Let the checks be asked: the message says what keeps them from it.",
    answers: "Retry asks again; skip goes on without, and the verdict is INCONCLUSIVE.",
  },
  gone: {
    state: "It is destroyed, and nothing is rebuilt yet.",
    act: "Let it be asked: the message says what keeps it from it.",
    answers: "Retry asks again; skip goes on without, and the verdict is INCONCLUSIVE.",
  },
  servers: {
    state: "The namespace is deleted; GitOps makes it again, and what works with its data is held back.",
    act: "Mend what the message names as the root cause, mostly in Git, a registry or a Secret.",
    answers: "Retry goes on watching.",
  },
  rebuild: {
    state: "It is destroyed, and has not come back.",
    act: "Mend what the message names as the root cause.",
    answers: "Retry goes on watching, for as long again; abort reports what is missing.",
  },
  settle: {
    state: "The cluster is another one, and its volumes are restored. Some layer of GitOps is not ready.",
    act: "Mend what the message names as the root cause, mostly in Git, a registry or a Secret.",
    answers:
      "Retry goes on watching; abort leaves the cluster as it is. What is still held back then, the report names, with how to let it go.",
  },
  restore: {
    state: "The data is gone, and its backup untouched. What is restored so far lies aside, where nothing uses it.",
    act: "Mend what the message names: space, rights, programs, or the way to the store.",
    answers:
      "Retry restores it anew. After abort `firedrill resume RUN` goes on, and `firedrill restore PLAN` begins anew.",
  },
  verify: {
    state: "The data is restored and lies aside, where nothing uses it. Not all of it is as it was.",
    act: "Read in the message what was expected and what was found, and look at the data before you answer.",
    answers:
      "Retry compares again; skip puts it into place as it is, and the verdict is no PASS; abort keeps it aside.",
  },
  place: {
    state: "The data is restored and compared, and perhaps not in its place yet.",
    act: "Mend what the message names; most often something else has taken the place meanwhile.",
    answers: "Retry goes on where it was; abort keeps the restored data, and the report says where.",
  },
  retention: {
    state: "All is back. Old backups are still there.",
    act: "Mend what keeps them from being removed, or remove them yourself.",
    answers: "Retry removes them; skip leaves them.",
  },
  inspectLayer: {
    state: untouched,
    act: "Mend what the program says: credentials, the state's backend, the directory, a lock that somebody holds.",
    answers: again,
  },
  planLayer: {
    state: "Nothing was touched; there may be a saved plan in the run's directory.",
    act: "Read what would be destroyed. Either the code of the layer is not what you thought, or `destroys:` is: mend that, and retry with `--reload`.",
    answers: "Retry plans anew.",
  },
  destroyLayer: {
    state:
      "The layer is destroyed in part, or wholly; layers before it in the plan still stand. The backups are proven, and lie outside.",
    act: "Read the program's log in the run's directory, and mend the cause: credentials, a lock, a resource that does not let itself be deleted.",
    answers:
      "Retry plans what is left and destroys that; what is gone is not destroyed again. After abort the cluster is as it is now: rebuild it by its own code, then `firedrill restore PLAN`.",
  },
  applyLayer: {
    state: "The old cluster is gone. The layer is built in part, or not begun. The backups lie outside.",
    act: "Read the program's log in the run's directory, and mend the cause: quota, credentials, the provider. What it would destroy after a real loss, apply by hand or take out of its state.",
    answers:
      "Retry applies again, and makes what is missing. After abort `firedrill resume RUN` goes on from here. Whoever applies it by hand must hold back the layers that wait for data, or they begin with empty volumes.",
  },
  preflightGuards: {
    state: untouched,
    act: "Each refusal says what to do; docs/safety.md says what each guard wants.",
    answers: "The run ends by itself: start a new one when they are met.",
  },
  approve: {
    state: "Nothing is destroyed; the backups are proven.",
    act: "Let the people approve whom the plan names.",
    answers: "It goes on by itself with the last approval; abort destroys nothing.",
  },
  destroyGuards: {
    state: "Nothing is destroyed; the backups are proven, and stay.",
    act: "Each refusal says what to do. Something has changed since the preflight.",
    answers: "The run ends by itself: start a new one when they are met.",
  },
  cleanup: {
    state: "The drill itself is over. Something that it made could not be removed; the report names it.",
    act: "Mend what the message names, or remove it yourself.",
    answers: "Retry removes what is left; skip leaves it, and the report says so.",
  },
  files: {
    state: "The drill itself is over, and the record is safe in the run's history.",
    act: "Make room, or give the worker the right to write, in its directory of records.",
    answers: "Retry writes the report again.",
  },
};

/** What a run has that says how its steps are to be understood. */
type Known = Pick<RunRecord, "run" | "components">;

/** @returns undefined for a step that this version does not know */
function recoveryOf({ id, component }: Pick<StepRecord, "id" | "component">, run: Known): Recovery | undefined {
  const verb = verbOf(id);
  if (verb === undefined) return undefined;
  const kind = run.components.find(({ name }) => name === component)?.kind ?? "";
  const { scenario, type } = run.run;
  const beside = scenario === "none" && type === "exercise" ? besideTheLive[verb] : undefined;
  const lost = scenario === "cluster" && type === "restore" && kind === "longhorn" ? afterLoss[verb] : undefined;
  return beside ?? lost ?? recoveriesOfKind[kind]?.[verb] ?? recoveries[verb];
}

/** Of a step that destroys, and ended at a look before. */
export const stillThere: Recovery = {
  state: "Nothing was touched by this step: it ended at a look before.",
  act: "Do what the message says. A backup that is gone or damaged must be found or made again before anything is taken away.",
  answers: "Retry looks again, and destroys when all is well; abort leaves all as it is.",
};

/** As a paragraph, for where a step waits; empty for a step that this version does not know. */
export function recoveryText(step: Pick<StepRecord, "id" | "component"> | StepRecord, run: Known): string {
  const untouchedYet = "failures" in step && step.destroys && step.failures.length > 0 && hasTouchedNothing(step);
  const found = untouchedYet ? stillThere : recoveryOf(step, run);
  return found === undefined ? "" : `${found.state} ${found.act} ${found.answers}`;
}
