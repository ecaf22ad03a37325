import { type Client, WorkflowNotFoundError } from "@temporalio/client";
import type { Holder } from "../guard/facts.ts";

/** Who holds a lock, as its run wrote it into the lock's memo; null when nobody does any more. */
export async function lockHolder(client: Client, workflowId: string): Promise<Holder | null> {
  try {
    const { status, memo } = await client.workflow.getHandle(workflowId).describe();
    return status.name === "RUNNING" ? ((memo?.["holder"] ?? null) as Holder | null) : null;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}
