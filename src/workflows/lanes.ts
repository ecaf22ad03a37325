import { CancellationScope } from "@temporalio/workflow";
import type { Component } from "../plan/schema.ts";

/** Components of a phase that work at the same time. */
const lanes = 4;

/** Does something for every component, a few at a time. When one is given up, the others are stopped. */
export async function inLanes<C extends Component, R>(
  components: C[],
  work: (component: C) => Promise<R>,
): Promise<Record<string, R>> {
  const queue = [...components];
  const results: Record<string, R> = {};
  const failures: unknown[] = [];
  await CancellationScope.cancellable(async () => {
    const scope = CancellationScope.current();
    const lane = async () => {
      for (let next = queue.shift(); next !== undefined && failures.length === 0; next = queue.shift()) {
        try {
          results[next.name] = await work(next);
        } catch (error) {
          failures.push(error);
          scope.cancel();
        }
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  });
  if (failures.length > 0) throw failures[0];
  return results;
}
