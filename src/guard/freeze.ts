import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts, type Window } from "./facts.ts";

/**
 * While the plan is frozen nothing is drilled, and nothing that is there is replaced. An exercise that destroys nothing
 * is refused too: it writes to the live target, and what is restored takes the disk's time. Backups go on.
 */
export function freeze(facts: Facts): Refusal[] {
  const window = windowAt(facts.freeze, facts.now);
  if (window === undefined) return [];
  const touched = facts.type === "exercise" ? facts.components : destroyed(facts);
  const otherwise =
    facts.type === "restore"
      ? ", or move away by hand what is left of it: a restore of something that is gone destroys nothing"
      : "";
  return touched.map(({ name, target }) => refuseWithin(window, name, target, otherwise));
}

/** The window that a moment lies in. */
export function windowAt(windows: Window[], now: string): Window | undefined {
  const at = Date.parse(now);
  return windows.find(({ from, until }) => Date.parse(from) <= at && at < Date.parse(until));
}

/** What is said of something that the plan has frozen. It will be over by itself. */
export function refuseWithin(
  { from, until, reason }: Window,
  component: string | null,
  target: string,
  otherwise = "",
): Refusal {
  return {
    guard: "freeze",
    component,
    message: `${target} is frozen (${reason}) from ${from} until ${until}`,
    hint: `Wait until then, or take the window out of \`freeze:\` in the plan${otherwise}.`,
    passes: true,
  };
}
