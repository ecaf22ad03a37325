import { type Client, WorkflowNotFoundError } from "@temporalio/client";

const over = ["COMPLETED", "FAILED", "CANCELLED", "TERMINATED", "TIMED_OUT"];

/**
 * How a workflow has ended, as the server names it; undefined while it is open.
 * @param unknown what to return when the server does not know it: that may be a new server
 */
export async function endOf(
  client: Client,
  workflowId: string,
  runId: string,
  unknown?: string,
): Promise<string | undefined> {
  try {
    const { name } = (await client.workflow.getHandle(workflowId, runId).describe()).status;
    return over.includes(name) ? name : undefined;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return unknown;
    throw error;
  }
}
