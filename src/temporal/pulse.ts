import { type Client, isGrpcServiceError } from "@temporalio/client";
import type { Ear } from "../activities/unanswered.ts";

/** Whether the Temporal server is there: a worker is told of nothing while it is not, and its heartbeats get no answer either. */

const everyMs = 1_000;
const patienceMs = 2_000;
/** UNAVAILABLE, DEADLINE_EXCEEDED and CANCELLED of gRPC. Any other refusal is an answer. */
const noAnswer = new Set([14, 4, 1]);

const ears = new WeakMap<Client, Set<Ear>>();

/** Asks the server every second, once for all who listen. @returns ends it for this one */
export function listenToTemporal(client: Client, ear: Ear): () => void {
  const all = ears.get(client) ?? new Set();
  ears.set(client, all);
  all.add(ear);
  if (all.size === 1) void beat(client, all);
  return () => void all.delete(ear);
}

async function beat(client: Client, all: Set<Ear>): Promise<void> {
  await rest();
  while (all.size > 0) {
    const askedAt = Date.now();
    const isThere = await ask(client);
    for (const ear of all) (isThere ? ear.answered : ear.unanswered)(askedAt);
    await rest();
  }
}

/** Keeps no process alive. */
const rest = async () => await new Promise((resolve) => setTimeout(resolve, everyMs).unref());

async function ask(client: Client): Promise<boolean> {
  try {
    await client.withDeadline(Date.now() + patienceMs, () => client.workflowService.getSystemInfo({}));
    return true;
  } catch (error) {
    return !(isGrpcServiceError(error) && noAnswer.has(error.code));
  }
}
