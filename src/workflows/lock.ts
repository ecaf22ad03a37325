import { condition } from "@temporalio/workflow";

/**
 * Holds a target: its workflow ID is the target's name, of which the server allows one at a time. Started by a run as its
 * child, it ends with that run, however that ends, so that no lock is ever left behind.
 */
export async function lock(): Promise<void> {
  await condition(() => false);
}
