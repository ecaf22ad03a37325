import { WorkflowExecutionAlreadyStartedError } from "@temporalio/common";
import { CancellationScope, sleep, startChild } from "@temporalio/workflow";
import type { RunRef } from "../activities/verbs.ts";
import { type Claim, claimsOf, type ComponentFacts, type Unlocked } from "../guard/facts.ts";
import { lockWorkflowId } from "../lock-names.ts";
import type { RunRecord } from "../report/record.ts";
import { claim } from "./activities.ts";
import { lock } from "./lock.ts";

/** Pauses while a run that has ended already still lets go: the server ends its locks, the host its programs. */
const patience = ["1s", "2s", "4s", "8s", "15s", "15s"] as const;

/**
 * The locks of one run: a child workflow for each, whose ID is the target's name. The server allows one of an ID, and
 * ends them together with the run.
 */
export function createLocks({ run, plan, startedAt }: RunRecord) {
  const unlocked: Unlocked[] = [];
  const held = new Set<string>();
  const { workflowId, type, by } = run;
  const holder = { workflowId, type, plan: plan.name, by, since: startedAt };

  /** Not cancellable: a cancelled run cleans up, and until then nobody else may begin. */
  async function take({ lock: name, component, target }: Claim): Promise<boolean> {
    if (held.has(name)) return true;
    try {
      const child = await CancellationScope.nonCancellable(() =>
        startChild(lock, {
          workflowId: lockWorkflowId(name),
          parentClosePolicy: "TERMINATE",
          memo: { holder: { ...holder, target } },
        }),
      );
      const lost = () => void unlocked.push({ component, target, holder: null });
      void CancellationScope.nonCancellable(() => child.result()).then(lost, lost);
      held.add(name);
      return true;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
      throw error;
    }
  }

  return {
    /** Only looks who works on the components, for who takes nothing himself. */
    async look(components: ComponentFacts[], ref: RunRef, host: string): Promise<void> {
      const claims = claimsOf(components);
      if (claims.length === 0) return;
      const options = { summary: "who works on it?", taskQueue: host };
      unlocked.push(...(await claim.executeWithOptions(options, [{ run: ref, claims, holder, onlyLook: true }])));
    },
    /** Targets that this run works on and does not have for itself. */
    unlocked,
    /**
     * Takes the locks of all components; where somebody else works, `unlocked` tells. All runs take them in the same order
     * and stop at the first that is taken, so that of two that start at once one goes on.
     */
    async take(components: ComponentFacts[], ref: RunRef, host: string): Promise<void> {
      const claims = claimsOf(components);
      for (let round = 0; claims.length > 0; round += 1) {
        let missing: Claim | undefined;
        for (const one of claims) if (missing === undefined && !(await take(one))) missing = one;
        const found = await claim.executeWithOptions({ summary: "who works on it?", taskQueue: host }, [
          { run: ref, claims, holder },
        ]);
        if (missing === undefined && found.length === 0) return;
        const pause = patience[round];
        if (pause === undefined || found.some(({ holder }) => holder?.over === false)) {
          // Somebody may have it each time that we try, and nobody each time that we look.
          unlocked.push(...(found.length > 0 ? found : [{ ...missing!, holder: null }]));
          return;
        }
        await sleep(pause);
      }
    },
  };
}
