import { overlap } from "../lock-names.ts";
import type { Refusal } from "../report/record.ts";
import { shellWord } from "../report/safe-text.ts";
import { claimsOf, type Facts, type Holder, type Unlocked } from "./facts.ts";

type Told = Pick<Refusal, "message" | "hint">;

/** Two runs on one target would destroy each other's work, and measure each other; so would two components of one run. */
export function lock({ components, unlocked }: Facts): Refusal[] {
  const others = unlocked.map(({ component, target, holder }) => ({
    component,
    ...explain(target, holder),
    // Until its run has ended.
    ...(holder !== null && { passes: true as const }),
  }));
  const claims = claimsOf(components);
  const twice = claims.flatMap(({ lock: name, component, target }, index) => {
    const first = claims.slice(0, index).find((one) => overlap(one.lock, name));
    return first === undefined ? [] : { component, ...explainTwice(target, first) };
  });
  return [...others, ...twice].map((one) => ({ guard: "lock", ...one }));
}

function explain(target: string, holder: Unlocked["holder"]): Told {
  if (holder === null)
    return {
      message: `${target} is not locked for this run: its lock was somebody else's a moment ago, or was ended by hand`,
      hint: "Start the run again, and leave the workflows firedrill/target/… to their runs.",
    };
  if (holder.plan === "")
    return {
      message: `${target} is locked by workflow ${holder.workflowId}, which no run has started`,
      hint: `Find out who did, then end it: temporal workflow terminate --workflow-id ${shellWord(holder.workflowId)}`,
    };
  return explainRun(target, holder);
}

function explainRun(target: string, { workflowId, type, plan, by, since, target: theirs, over }: Holder): Told {
  const who = `run ${workflowId}: ${type} of plan ${plan}, started by ${by} at ${since}`;
  const also = theirs === target ? "" : `, which works on ${theirs}`;
  if (over)
    return {
      message: `${target} is not free yet: ${who}${also}, has ended, and what it left behind is not cleaned up`,
      hint: "Start again in a minute; if it stays so, the log of the worker on that host tells why.",
    };
  const word = shellWord(workflowId);
  return {
    message: `${target} is being worked on by ${who}${also}`,
    hint: `Wait until it has ended, or cancel it: temporal workflow cancel --workflow-id ${word}; if its host is gone for good: temporal workflow terminate --workflow-id ${word}`,
  };
}

function explainTwice(target: string, first: { component: string; target: string }): Told {
  return {
    message: `${target} is, or belongs to, what component ${first.component} works on: ${first.target}`,
    hint: "Take one of the two out of the plan, or run them one after the other with --component.",
  };
}
