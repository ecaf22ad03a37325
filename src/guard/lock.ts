import type { Refusal } from "../report/record.ts";
import type { Facts, Unlocked } from "./facts.ts";

/** Two runs on one target would destroy each other's work, and measure each other. */
export function lock({ unlocked }: Facts): Refusal[] {
  return unlocked.map(({ component, target, holder }) => ({ guard: "lock", component, ...explain(target, holder) }));
}

function explain(target: string, holder: Unlocked["holder"]): Pick<Refusal, "message" | "hint"> {
  if (holder === null)
    return {
      message: `${target} is not locked for this run: its lock was somebody else's a moment ago, or was ended by hand`,
      hint: "Start the run again, and leave the workflows firedrill/target/… to their runs.",
    };
  const { workflowId, type, plan, by, since } = holder;
  return {
    message: `${target} is being worked on by run ${workflowId}: ${type} of plan ${plan}, started by ${by} at ${since}`,
    hint: `Wait until it has ended, or cancel it: temporal workflow cancel --workflow-id ${workflowId}`,
  };
}
