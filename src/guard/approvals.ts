import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts } from "./facts.ts";

/** Nothing is destroyed before as many people have agreed as the plan asks for, and while what they said still counts. */
export function approvals(facts: Facts): Refusal[] {
  const { stage, approvals: wanted } = facts;
  if (wanted?.from !== undefined && wanted.from.length < wanted.needed)
    return neverEnough(facts, wanted.from, wanted.needed);
  if (stage !== "destroy" || wanted === null || wanted.by.length >= wanted.needed) return [];
  const who = wanted.by.length === 0 ? "nobody has given one that still counts" : `given by ${wanted.by.join(" and ")}`;
  return destroyed(facts).map(({ name, target }) => ({
    guard: "approvals",
    component: name,
    message: `${target} needs ${wanted.needed} approvals by others than who started this run; ${who}`,
    hint: "Let people approve it (`firedrill approve RUN`), then retry; how long that counts stands in the plan.",
  }));
}

/** The run would back up, and then wait for approvals that nobody can give. */
function neverEnough(facts: Facts, from: string[], needed: number): Refusal[] {
  const who = from.length === 0 ? "nobody else may give one" : `only ${from.join(" and ")} may give one`;
  return destroyed(facts).map(({ name, target }) => ({
    guard: "approvals",
    component: name,
    message: `${target} needs ${needed} approvals by others than who started this run, and ${who}`,
    hint: "Let somebody start it whom `approvals.from` in the plan does not name, or name more people there.",
  }));
}
