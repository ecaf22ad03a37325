import { proxyActivities, startChild } from "@temporalio/workflow";
import type { Activities } from "../../src/activities/index.ts";
import type { LayerVerbs } from "../../src/activities/infrastructure/verbs.ts";
import { lockWorkflowId } from "../../src/lock-names.ts";
import { lock } from "../../src/workflows/lock.ts";

export { lock };

export interface OneStep {
  activity: `${keyof LayerVerbs}Infrastructure`;
  /** ID of the step. */
  step: string;
  input: object;
  /** The worker's own queue. */
  queue: string;
  /** Of the layer; taken for the time of the step. */
  lock: string;
}

/** One step of a drill of infrastructure, as a run of the product does it: with the lock, on the host's own queue. */
export async function oneStep({ activity, step, input, queue, lock: name }: OneStep): Promise<unknown> {
  await startChild(lock, { workflowId: lockWorkflowId(name), parentClosePolicy: "TERMINATE" });
  const activities = proxyActivities<Activities>({
    taskQueue: queue,
    startToCloseTimeout: "1 hour",
    heartbeatTimeout: "60 seconds",
    retry: { initialInterval: "1s", backoffCoefficient: 1 },
    cancellationType: "WAIT_CANCELLATION_COMPLETED",
  });
  return await activities[activity].executeWithOptions({ activityId: step }, [input as never]);
}
