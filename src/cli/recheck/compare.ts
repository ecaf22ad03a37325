import type { Client } from "@temporalio/client";
import { describeFailure } from "../../failures.ts";
import { endedOutside, saysCleanedUp, saysEndedOutside } from "../../report/ended-outside.ts";
import { type Difference, differences } from "../../report/recheck/differences.ts";
import type { RunRecord } from "../../report/record.ts";
import { seal } from "../../report/seal.ts";
import { fetchRecord } from "../fetch-record.ts";
import { describeRun, isOpen } from "../observe.ts";
import { withTemporal } from "../with-temporal.ts";
import { sealInHistory } from "./seal-in-history.ts";

/** What the run's own workflow says of a record. `why`: why it was not asked, or what was compared. */
export interface Comparison {
  compared: boolean;
  why: string;
  differences: Difference[];
}

const not = (why: string): Comparison => ({ compared: false, why, differences: [] });

/** @param held what the workflow holds, where that is known already */
export async function compareWithTemporal(record: RunRecord, held: RunRecord | null): Promise<Comparison> {
  try {
    return await withTemporal((client) => compare(client, record, held));
  } catch (error) {
    return not(describeFailure(error).message);
  }
}

async function compare(client: Client, record: RunRecord, known: RunRecord | null): Promise<Comparison> {
  // The run that was asked for, whatever the file in its directory says.
  const { workflowId, runId } = (known ?? record).run;
  const description = await describeRun(client, client.workflow.getHandle(workflowId, runId));
  if (description === null) return not("the server does not answer");
  if (isOpen(description)) return not("the run goes on");
  try {
    const held = known ?? (await fetchRecord(client, workflowId, runId));
    return {
      compared: true,
      why: "the whole record",
      differences: compareRecords(record, held, description.status.name),
    };
  } catch (error) {
    // Without a worker nobody can say what the workflow holds, but the server has the seal.
    const sealed = await sealInHistory(client, workflowId, runId);
    if (sealed === undefined) return not(describeFailure(error).message);
    const stands = seal(record);
    return {
      compared: true,
      why: "only the seal: no worker answers",
      differences: differences({ seal: stands }, { seal: sealed }),
    };
  }
}

function compareRecords(record: RunRecord, workflow: RunRecord, status: string): Difference[] {
  const held =
    saysEndedOutside(workflow) !== ""
      ? {
          ...endedOutside(workflow, status, saysCleanedUp(record) ? record.leftovers : null),
          endedAt: record.endedAt,
        }
      : workflow;
  const found = differences(record, held);
  return found.length === 0 ? found : shorter(found, differences(record, asReported(held, record)));
}

function shorter(a: Difference[], b: Difference[]): Difference[] {
  return b.length < a.length ? b : a;
}

/** A worker that dies right after it wrote the report leaves a file that does not know yet how the last step and the notices ended. */
function asReported(held: RunRecord, record: RunRecord): RunRecord {
  const written = record.steps.find(({ id }) => id === "report/files");
  if (written?.status !== "done" || written.endedAt !== record.endedAt) return held;
  const { endedAt, attempts } = written;
  const steps = held.steps.map((step) =>
    step.id === "report/files"
      ? { ...step, endedAt, attempts, stretches: written.stretches, note: written.note }
      : step,
  );
  return { ...held, endedAt, steps, notices: record.notices };
}
