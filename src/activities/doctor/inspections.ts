import type { Config } from "../../config.ts";
import type { Component, Plan } from "../../plan/schema.ts";
import type { RunType } from "../../report/record.ts";
import { inspectCluster } from "../cluster/inspect.ts";
import { inspectLonghorn } from "../longhorn/inspect.ts";
import { inspectNamespace } from "../namespace/inspect.ts";
import { inspectPgBackRest } from "../pgbackrest/inspect.ts";
import { inspectPgDump } from "../pgdump/inspect.ts";
import type { StepContext } from "../step.ts";
import type { Inspection } from "../verbs.ts";
import { inspectWorkload } from "../workload/inspect.ts";

/** How doctor looks at the systems of a plan: by what a run begins with. */

const isVolume = (one: Component) => one.kind === "longhorn";

/** A person waits for the answer: who does not answer is named before the check itself is given up. */
export const soon = { withinMs: 8_000, requestMs: 8_000 };

export async function inspectionOf(
  component: Component,
  { access, gitops, checks = [], components }: Plan,
  context: StepContext,
): Promise<Inspection> {
  switch (component.kind) {
    case "pgdump":
      return await inspectPgDump({ component, toTime: null }, context);
    case "pgbackrest":
      return await inspectPgBackRest({ component, toTime: null }, context);
    case "longhorn":
      return await inspectLonghorn({ component, access: access!, toTime: null }, context, soon);
    case "namespace":
      // Of a plan that was read, whose rules want it.
      return await inspectNamespace({ component, access: access! }, context, soon);
    case "cluster":
      return await inspectCluster(
        { component, access: access!, gitops, checks, saved: components.filter(isVolume) },
        context,
        soon,
      );
    case "workload":
      return await inspectWorkload({ component, access: access! }, context, soon);
  }
}

/** An audit's inspection leaves no trace in the target's places; `exercise` is one that destroys nothing. */
export function contextOf(config: Config, plan: Plan, directory: string, type: RunType): StepContext {
  const run = { id: "doctor", short: "", plan: plan.name, planSha256: "", type, scenario: "none", nonce: "" } as const;
  return {
    config,
    run: { ...run, startedAt: new Date().toISOString(), tryNo: 0 },
    step: "doctor",
    directory,
    signal: new AbortController().signal,
    cancelRequested: () => false,
    unlocked: () => Promise.resolve([]),
    progress: () => {},
  };
}
