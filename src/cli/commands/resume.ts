import type { Client } from "@temporalio/client";
import { describeFailure, fail } from "../../failures.ts";
import { namesInPlan } from "../../plan/many-volumes.ts";
import { runName } from "../../report/begin.ts";
import type { RunRecord } from "../../report/record.ts";
import { shellWord } from "../../report/safe-text.ts";
import { parseRecord } from "../../report/schema.ts";
import { begin, type Following } from "../begin.ts";
import { fetchRecord } from "../fetch-record.ts";
import { confirmDestruction, type Confirmation, type Targets } from "../confirm.ts";
import { describeRun, isOpen } from "../observe.ts";
import { personName } from "../person.ts";
import { programName } from "../program-name.ts";
import { readRecordFile } from "../record-file.ts";
import { withTemporal } from "../with-temporal.ts";

interface ResumeOptions extends Following, Confirmation {
  /** A report.json, where the server that knew the run is lost. */
  record?: string;
  by?: string;
  reason: string;
}

/**
 * Starts a run that goes on where a closed one has stopped, under the same workflow ID.
 * Throws REQUEST_INVALID, RECORD_INVALID, and the run's own failure.
 */
export async function resumeRun(run: string | undefined, options: ResumeOptions): Promise<number> {
  const { record: file, reason } = options;
  if ((run === undefined) === (file === undefined))
    throw fail(
      "REQUEST_INVALID",
      "say which run to resume, by its workflow ID or by --record",
      "Write `firedrill resume RUN`, or `firedrill resume --record FILE` where its Temporal server is lost.",
    );
  const by = personName(options.by);
  const given = file === undefined ? undefined : parseRecord(await readRecordFile(file), file);
  return await withTemporal(async (client) => {
    const record = given ?? (await fetchRecord(client, run!));
    await requireResumable(client, record);
    const { type, scenario, toTime, workflowId } = record.run;
    const components = namesInPlan(record.components);
    const targets = stillDestroyed(record);
    if (Object.keys(targets).length > 0) await confirmDestruction(targets, options);
    const request = { plan: record.plan.name, scenario, by, reason, resume: runName(record.run) };
    const more = { ...(components.length > 0 && { components }), ...(toTime !== null && { toTime }) };
    return await begin(client, type, workflowId, { ...request, ...more }, options);
  });
}

/**
 * What would be refused anyhow is refused before anything is started; the worker knows more, and looks once more.
 * Throws REQUEST_INVALID.
 */
async function requireResumable(client: Client, { run, status, verdict }: RunRecord): Promise<void> {
  const { workflowId, type } = run;
  const refused = (message: string, hint: string) => fail("REQUEST_INVALID", message, hint);
  if (type === "audit") throw refused("an audit is not resumed: it has changed nothing", "Start a new one.");
  if (status === "done") throw refused(`run ${workflowId} is over: ${verdict}`, "Start a new one.");
  const newest = await describeRun(client, client.workflow.getHandle(workflowId)).catch(unknownHere);
  if (newest === null || !isOpen(newest)) return;
  const name = shellWord(workflowId);
  throw refused(
    `run ${workflowId} is under way (run ID ${newest.runId})`,
    `Follow it: \`${programName} status ${name} --watch\`. Only a run that has ended can be resumed.`,
  );
}

/** A new server does not know the runs of the one that was lost. */
function unknownHere(error: unknown): null {
  if (describeFailure(error).type === "REQUEST_INVALID") return null;
  throw error;
}

/** What it has not destroyed before. */
function stillDestroyed({ steps, components }: RunRecord): Targets {
  const open = new Set(steps.flatMap((step) => (step.destroys && step.status !== "done" ? [step.component] : [])));
  return Object.fromEntries(components.flatMap(({ name, target }) => (open.has(name) ? [[name, target]] : [])));
}
