import type { KnownDrill } from "../activities/expected.ts";
import type { Component } from "../plan/schema.ts";
import type { PastDrill } from "../report/trend.ts";

/** Drills that the report shows before its own. */
const shown = 9;

/** A drill of some components says nothing about one of all. */
export function drillsLike(drills: KnownDrill[], components: Component[]): PastDrill[] {
  const about = (names: string[]) => names.toSorted().join(" ");
  const own = about(components.map(({ name }) => name));
  return drills
    .filter((drill) => about(drill.components) === own)
    .slice(-shown)
    .map(({ workflowId, startedAt, verdict, rtoSeconds, rpoSeconds }) => ({
      workflowId,
      startedAt,
      verdict,
      rtoSeconds,
      rpoSeconds,
    }));
}
