import { runName } from "../begin.ts";
import type { RunRecord, StepRecord } from "../record.ts";
import { isSkipped } from "../skipped.ts";
import type { Difference } from "./differences.ts";
import { isGuards } from "./order.ts";

/** How the run as a whole says that it stands or ended, against its steps and refusals. */

/** In an audit a step that failed is what it has found, and what would have come after it of the same component is left out. */
function isFinding({ component, status, failures }: StepRecord, { run, steps }: RunRecord): boolean {
  if (run.type !== "audit" || component === null) return false;
  if (status === "aborted") return failures.length > 0;
  return status === "pending" && steps.some((one) => one.component === component && one.status === "aborted");
}

const openStatus = ["running", "waiting", "closing"];

export function checkEnding(record: RunRecord): Difference[] {
  const { status, endedAt, verdict, steps, refusals, run, directory } = record;
  const open = openStatus.includes(status);
  const wrong: Difference[] = [];
  const say = (path: string, stands: unknown, should: unknown) => wrong.push({ path, stands, should });
  // The verdict stands before the status: both are known while the report is written.
  if (!open && verdict === null) say("verdict", null, `a verdict, as the run is ${status}`);
  if (open && endedAt !== null) say("endedAt", endedAt, `null, as the run is ${status}`);
  if (!open && endedAt === null) say("endedAt", null, `a time, as the run is ${status}`);
  if (status === "done") {
    const unfinished = steps.filter(
      (step) => step.status !== "done" && step.status !== "skipped" && !isFinding(step, record),
    );
    for (const { id, status: is } of unfinished) say(`steps[${id}].status`, is, "done or skipped, as the run is done");
  }
  if (status === "aborted" && !steps.some((step) => step.status === "aborted"))
    say("status", status, "anything else, as no step was given up");
  if (!open && status !== "failed" && record.failure !== null)
    say("failure", record.failure.type, `null, as the run is ${status}`);
  if (status === "refused" && refusals.length === 0) say("refusals", [], "one or more, as the run was refused");
  const tells = run.type === "audit";
  if (tells && status === "refused") say("status", status, "anything else, as guards only tell an audit");
  if (status === "refused" && isSkipped(record)) say("status", status, "skipped, as a schedule has begun it");
  if (status === "skipped" && !isSkipped(record))
    say("status", status, "anything else, as no schedule has begun it, or nothing that passes has refused it");
  if (status === "done" && refusals.length > 0 && !tells) say("status", status, "refused, as guards have refused");
  const guards = steps.filter(isGuards);
  const refusing = guards.find((step) => step.status === "aborted");
  if (refusing !== undefined && refusals.length === 0)
    say(`steps[${refusing.id}].status`, "aborted", "done, as nothing was refused");
  const asked = guards.some((step) => step.status === (tells ? "done" : "aborted"));
  // What a schedule finds frozen is left before the first step.
  const left = run.scheduled === true && refusals.every(({ guard }) => guard === "freeze");
  if (!asked && refusals.length > 0 && !left)
    say(
      "refusals",
      refusals.map(({ guard }) => guard),
      "none, as no step asked the guards and was refused",
    );
  if (run.type !== "restore" && run.toTime !== null)
    say("run.toTime", run.toTime, `null, as it is a run of type ${run.type}`);
  const paused = steps.find((step) => step.status === "paused");
  if (paused !== undefined && !record.pauses.some(({ ended }) => ended === null))
    say(`steps[${paused.id}].status`, "paused", "anything else, as the run is not paused");
  const waits = paused !== undefined || steps.some((step) => step.status === "waiting");
  if (status === "waiting" && !waits) say("status", status, "running, as no step waits");
  if (status === "running" && waits) say("status", status, "waiting, as a step waits");
  if (!open && waits) say("status", status, "waiting, as a step waits");
  const name = runName(run);
  if (directory !== "" && directory.split("/").at(-1) !== name)
    say("directory", directory, `a directory ${name}, by its workflow and run ID`);
  return wrong;
}
