import { runName } from "../begin.ts";
import type { RunRecord } from "../record.ts";
import type { Difference } from "./differences.ts";
import { isGuards } from "./order.ts";

/** How the run as a whole says that it stands or ended, against its steps and refusals. */

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
    const unfinished = steps.filter((step) => step.status !== "done" && step.status !== "skipped");
    for (const { id, status: is } of unfinished) say(`steps[${id}].status`, is, "done or skipped, as the run is done");
  }
  if (status === "aborted" && !steps.some((step) => step.status === "aborted"))
    say("status", status, "anything else, as no step was given up");
  if (status === "refused" && refusals.length === 0) say("refusals", [], "one or more, as the run was refused");
  if (status === "done" && refusals.length > 0) say("status", status, "refused, as guards have refused");
  const guards = steps.filter(isGuards);
  const refusing = guards.find((step) => step.status === "aborted");
  if (refusing !== undefined && refusals.length === 0)
    say(`steps[${refusing.id}].status`, "aborted", "done, as nothing was refused");
  if (refusing === undefined && refusals.length > 0)
    say(
      "refusals",
      refusals.map(({ guard }) => guard),
      "none, as no step asked the guards and was refused",
    );
  if (run.type !== "restore" && run.toTime !== null)
    say("run.toTime", run.toTime, `null, as it is a run of type ${run.type}`);
  const waits = steps.some((step) => step.status === "waiting");
  if (status === "waiting" && !waits) say("status", status, "running, as no step waits");
  if (status === "running" && waits) say("status", status, "waiting, as a step waits");
  if (!open && waits) say("status", status, "waiting, as a step waits");
  const name = runName(run);
  if (directory !== "" && directory.split("/").at(-1) !== name)
    say("directory", directory, `a directory ${name}, by its workflow and run ID`);
  return wrong;
}
