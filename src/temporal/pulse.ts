import { type Client, isGrpcServiceError } from "@temporalio/client";
import type { Ear } from "../activities/unanswered.ts";

/** Whether the Temporal server is there: a worker is told of nothing while it is not, and its heartbeats get no answer either. */

const everyMs = 1_000;
const patienceMs = 2_000;
/** UNAVAILABLE, DEADLINE_EXCEEDED and CANCELLED of gRPC. Any other refusal is an answer. */
const noAnswer = new Set([14, 4, 1]);

interface Listeners {
  ears: Set<Ear>;
  /** One loop asks for all, and goes on for whoever comes while it rests. */
  isAsking: boolean;
}

const listeners = new WeakMap<Client, Listeners>();

/** Asks the server every second, once for all who listen. @returns ends it for this one */
export function listenToTemporal(client: Client, ear: Ear): () => void {
  const all = listeners.get(client) ?? { ears: new Set(), isAsking: false };
  listeners.set(client, all);
  all.ears.add(ear);
  if (!all.isAsking) void beat(client, all);
  return () => void all.ears.delete(ear);
}

async function beat(client: Client, all: Listeners): Promise<void> {
  all.isAsking = true;
  await rest();
  while (all.ears.size > 0) {
    const askedAt = Date.now();
    const isThere = await ask(client);
    // A host that slept, or was busy with something else, has heard nothing either way.
    const wasAwake = Date.now() - askedAt < 2 * patienceMs;
    if (wasAwake) for (const ear of all.ears) (isThere ? ear.answered : ear.unanswered)(askedAt);
    await rest();
  }
  all.isAsking = false;
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
