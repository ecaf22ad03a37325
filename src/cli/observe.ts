import {
  QueryNotRegisteredError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowHandle,
} from "@temporalio/client";
import { defaultPayloadConverter, type Payload } from "@temporalio/common";
import { fail } from "../failures.ts";
import type { Holder } from "../guard/facts.ts";
import type { RunRecord } from "../report/record.ts";
import { shellWord, visible } from "../report/safe-text.ts";
import { programName } from "./program-name.ts";
import type { Progress } from "./view/scene.ts";

/** What a client can find out about a run. */

const answerWithinMs = 5_000;
/** The workflow type of steps of one volume of many. */
const volumeType = "volume";
/** Codes of gRPC. */
const cancelled = 1;
const deadlineExceeded = 4;
const failedPrecondition = 9;
const unavailable = 14;
/** PENDING_ACTIVITY_STATE_SCHEDULED */
const scheduled = 1;

function grpcCode(error: unknown): number | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  for (const at of [error, cause]) {
    const code = at instanceof Error && "code" in at ? at.code : undefined;
    if (typeof code === "number") return code;
  }
  return undefined;
}

function isSilence(error: unknown): boolean {
  const code = grpcCode(error);
  return code === cancelled || code === deadlineExceeded || code === failedPrecondition || code === unavailable;
}

export function noSuchRun(workflowId: string): Error {
  return fail("REQUEST_INVALID", `there is no run ${workflowId}`, `See which there are: \`${programName} runs\`.`);
}

function unlessUnknown(error: unknown, workflowId: string): unknown {
  if (!(error instanceof WorkflowNotFoundError)) return error;
  return noSuchRun(workflowId);
}

/**
 * The record, or null when nobody answers, or when there is none: a run whose input is wrong fails before it has one.
 * Throws REQUEST_INVALID when there is no such run.
 */
export async function readRecord(client: Client, handle: WorkflowHandle): Promise<RunRecord | null> {
  try {
    return await client.withDeadline(Date.now() + answerWithinMs, () => handle.query<RunRecord>("record"));
  } catch (error) {
    if (isSilence(error) || error instanceof QueryNotRegisteredError) return null;
    throw unlessUnknown(error, handle.workflowId);
  }
}

/** Null when the server does not answer. Throws REQUEST_INVALID when there is no such run, and for a lock. */
export async function describeRun(
  client: Client,
  handle: WorkflowHandle,
): Promise<WorkflowExecutionDescription | null> {
  try {
    const found = await client.withDeadline(Date.now() + answerWithinMs, () => handle.describe());
    requireRun(found);
    return found;
  } catch (error) {
    if (isSilence(error)) return null;
    throw unlessUnknown(error, handle.workflowId);
  }
}

/** Lists and refusals name what runs start for themselves as well, and nobody can say anything to one. Throws REQUEST_INVALID. */
function requireRun({ workflowId, type, memo, parentExecution }: WorkflowExecutionDescription): void {
  if (type !== "lock" && type !== volumeType) return;
  const holder = memo?.["holder"] as Partial<Holder> | undefined;
  const run = parentExecution?.workflowId ?? holder?.workflowId;
  const what = type === "lock" ? `the lock of ${holder?.target ?? "a target"}` : "the work on one of its volumes";
  throw fail(
    "REQUEST_INVALID",
    `${workflowId} is no run but ${what}, for run ${run ?? "that nobody knows"}`,
    run === undefined ? `See the runs: \`${programName} runs\`.` : `Name the run: ${shellWord(run)}`,
  );
}

export function isOpen({ status }: Pick<WorkflowExecutionDescription, "status">): boolean {
  return status.name === "RUNNING" || status.name === "PAUSED";
}

function heartbeat(payload: Payload | undefined): { text: string | null; percent: number | null } {
  const details: unknown = payload === undefined ? null : defaultPayloadConverter.fromPayload(payload);
  if (typeof details !== "object" || details === null) return { text: null, percent: null };
  const text = "text" in details && typeof details.text === "string" ? visible(details.text) : null;
  const percent = "percent" in details && typeof details.percent === "number" ? details.percent : null;
  return { text, percent };
}

/** Progress of all that is under way for a run, by the ID of the step: also of what its child workflows do. */
export async function progressOf(
  client: Client,
  description: WorkflowExecutionDescription,
): Promise<Map<string, Progress>> {
  const children = (description.raw.pendingChildren ?? []).filter((child) => child.workflowTypeName === volumeType);
  const described = await Promise.all(
    children.map(async ({ workflowId, runId }) => {
      const child = client.workflow.getHandle(workflowId ?? "", runId ?? undefined);
      // One that has ended meanwhile, or a server that is away, only makes the view poorer.
      return await client.withDeadline(Date.now() + answerWithinMs, () => child.describe()).catch(() => undefined);
    }),
  );
  return new Map([description, ...described].flatMap((one) => (one === undefined ? [] : [...ownProgress(one)])));
}

function ownProgress({ raw }: WorkflowExecutionDescription): Map<string, Progress> {
  const pending = raw.pendingActivities ?? [];
  return new Map(
    pending.map((activity) => [
      activity.activityId ?? "",
      {
        ...heartbeat(activity.heartbeatDetails?.payloads?.[0]),
        attempt: activity.attempt ?? 1,
        queued: Number(activity.state) === scheduled,
      },
    ]),
  );
}

/** Why the workflow's own code fails again and again, null when it does not. */
export async function taskFailure(
  client: Client,
  handle: WorkflowHandle,
  { raw }: WorkflowExecutionDescription,
): Promise<string | null> {
  if ((raw.pendingWorkflowTask?.attempt ?? 1) < 2) return null;
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution: { workflowId: handle.workflowId, runId: raw.workflowExecutionInfo?.execution?.runId },
    maximumPageSize: 5,
  });
  const failed = history?.events?.find(({ workflowTaskFailedEventAttributes: failed }) => failed != null);
  return visible(failed?.workflowTaskFailedEventAttributes?.failure?.message ?? null);
}
