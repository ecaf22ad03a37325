import { type Client, WorkflowNotFoundError } from "@temporalio/client";
import type { Claim, Holder, Unlocked } from "../../guard/facts.ts";
import { lockWorkflowId, namesAbove } from "../../lock-names.ts";
import { endOf } from "../../temporal/ended.ts";

/** One execution of a workflow. */
export interface Execution {
  workflowId: string;
  runId: string;
}

/**
 * The claims that a run does not have for itself: somebody else holds that very lock, one that covers it, or one below it.
 * The first two are asked of the server itself; the last is in its lists, which may lag behind by a second.
 */
export async function heldByOthers(client: Client, own: Execution, claims: Claim[]): Promise<Unlocked[]> {
  const found: Unlocked[] = [];
  for (const { lock, component, target } of claims) {
    for (const id of [...[...namesAbove(lock), lock].map(lockWorkflowId), ...(await idsBelow(client, lock))]) {
      const holder = await holderOf(client, own, id);
      if (holder !== undefined) found.push({ component, target, holder });
    }
  }
  return found;
}

/** Ends locks whose run has ended without them, when nobody else holds one that concerns these targets. */
export async function endStale(client: Client, claims: Claim[], held: Unlocked[]): Promise<void> {
  if (!held.every(({ holder }) => holder?.over === true)) return;
  for (const { lock } of claims.filter(({ component }) => held.some((one) => one.component === component)))
    for (const id of [...[...namesAbove(lock), lock].map(lockWorkflowId), ...(await idsBelow(client, lock))])
      if (await isStale(client, id)) await client.workflow.getHandle(id).terminate("its run has ended");
}

async function isStale(client: Client, id: string): Promise<boolean> {
  const nobody = { workflowId: "", runId: "" };
  return (await holderOf(client, nobody, id))?.over === true;
}

/**
 * Those of a run's locks that it has no more: somebody has ended them, and another run may be at work.
 * The server itself is asked.
 */
export async function lostLocks(client: Client, own: Execution, claims: Claim[]): Promise<Unlocked[]> {
  const lost: Unlocked[] = [];
  for (const { lock, component, target } of claims) {
    const isOwn = await client.workflow
      .getHandle(lockWorkflowId(lock))
      .describe()
      .then(({ status, parentExecution }) => status.name === "RUNNING" && parentExecution?.runId === own.runId)
      .catch((error: unknown) => {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      });
    if (!isOwn) lost.push({ component, target, holder: null });
  }
  return lost;
}

async function idsBelow(client: Client, lock: string): Promise<string[]> {
  const prefix = `${lockWorkflowId(lock)}/`.replaceAll(/['\\]/g, String.raw`\$&`);
  const query = `WorkflowType = 'lock' AND ExecutionStatus = 'Running' AND WorkflowId STARTS_WITH '${prefix}'`;
  const ids: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query })) ids.push(workflowId);
  return ids;
}

/** What its run wrote into the lock's memo; undefined for a lock that is free or the run's own. */
async function holderOf(client: Client, own: Execution, id: string): Promise<Holder | undefined> {
  try {
    const { status, memo, parentExecution: parent } = await client.workflow.getHandle(id).describe();
    if (status.name !== "RUNNING" || parent?.runId === own.runId) return undefined;
    const over =
      typeof parent?.runId === "string" && (await endOf(client, parent.workflowId ?? "", parent.runId)) !== undefined;
    const noted = memo?.["holder"] as Omit<Holder, "over"> | undefined;
    // Nobody but a run writes one; whatever else goes by this ID keeps runs away all the same.
    const stranger = { workflowId: id, type: "lock", plan: "", by: "", since: "", target: "" };
    return { ...(noted ?? stranger), over };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
