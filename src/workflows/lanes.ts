import { CancellationScope } from "@temporalio/workflow";
import type { Component } from "../plan/schema.ts";

/** Components that are worked on at the same time, unless told. */
const usual = 4;

/** Components of which some are worked on at the same time. */
export interface Lanes<C> {
  components: C[];
  /** How many; 4 unless told. */
  parallel?: number | undefined;
}

/** Does something for every component, a few at a time. When one is given up, the others are stopped. */
export async function inLanes<C extends Component, R>(
  groups: Lanes<C>[],
  work: (component: C) => Promise<R>,
): Promise<Record<string, R>> {
  const results: Record<string, R> = {};
  const failures: unknown[] = [];
  await CancellationScope.cancellable(async () => {
    const scope = CancellationScope.current();
    const lane = async (queue: C[]) => {
      for (let next = queue.shift(); next !== undefined && failures.length === 0; next = queue.shift()) {
        try {
          results[next.name] = await work(next);
        } catch (error) {
          failures.push(error);
          scope.cancel();
        }
      }
    };
    const lanes = groups.flatMap(({ components, parallel = usual }) => {
      const queue = [...components];
      return Array.from({ length: parallel }, () => lane(queue));
    });
    await Promise.all(lanes);
  });
  if (failures.length > 0) throw failures[0];
  return results;
}
