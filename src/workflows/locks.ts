import { WorkflowExecutionAlreadyStartedError } from "@temporalio/common";
import { CancellationScope, startChild } from "@temporalio/workflow";
import type { Inspection } from "../activities/verbs.ts";
import type { Holder, Unlocked } from "../guard/facts.ts";
import type { RunRecord } from "../report/record.ts";
import { lockHolder } from "./activities.ts";
import { lock } from "./lock.ts";

/**
 * The locks of one run: a child workflow for each, whose ID is the target's name. The server allows one of an ID, and
 * ends them together with the run.
 */
export function createLocks({ run, plan, startedAt }: RunRecord) {
  const unlocked: Unlocked[] = [];
  const { workflowId, type, by } = run;
  const holder: Holder = { workflowId, type, plan: plan.name, by, since: startedAt };

  /** Not cancellable: a cancelled run cleans up, and until then nobody else may begin. */
  async function take(name: string, of: Omit<Unlocked, "holder">): Promise<boolean> {
    const id = `firedrill/target/${name}`;
    try {
      const child = await CancellationScope.nonCancellable(() =>
        startChild(lock, { workflowId: id, parentClosePolicy: "TERMINATE", memo: { holder } }),
      );
      const lost = () => void unlocked.push({ ...of, holder: null });
      void CancellationScope.nonCancellable(() => child.result()).then(lost, lost);
      return true;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      unlocked.push({ ...of, holder: await lockHolder(id) });
      return false;
    }
  }

  return {
    /** Targets that this run works on and does not hold. */
    unlocked,
    /**
     * Takes all locks that the inspections name; the first that somebody else holds ends it. All runs take them in the
     * same order, so that of two that start at once one goes on.
     */
    async take(inspections: Record<string, Inspection>): Promise<void> {
      const wanted = new Map<string, Omit<Unlocked, "holder">>();
      for (const { locks, facts } of Object.values(inspections)) {
        // A run that began before there were locks has inspected without naming any.
        for (const name of (locks as string[] | undefined) ?? [])
          wanted.set(name, { component: facts.name, target: facts.target });
      }
      for (const name of [...wanted.keys()].sort()) if (!(await take(name, wanted.get(name)!))) return;
    },
  };
}
