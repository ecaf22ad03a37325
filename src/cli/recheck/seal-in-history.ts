import type { Client } from "@temporalio/client";
import { defaultPayloadConverter } from "@temporalio/common";

/** The seal that the step which wrote the report left in the history of its workflow; undefined when there is none. */
export async function sealInHistory(client: Client, workflowId: string, runId: string): Promise<string | undefined> {
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const seals = (events ?? []).flatMap(({ activityTaskCompletedEventAttributes: completed }) => {
    const payload = completed?.result?.payloads?.[0];
    const result: unknown = payload == null ? null : defaultPayloadConverter.fromPayload(payload);
    const value = (result as { value?: { seal?: unknown } } | null)?.value;
    return typeof value?.seal === "string" ? [value.seal] : [];
  });
  return seals.at(-1);
}
