import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts } from "./facts.ts";

/** Production needs the approval of other people before it is destroyed. */
export function production(facts: Facts): Refusal[] {
  if (facts.environment !== "production" || facts.approvals !== null) return [];
  const otherwise =
    facts.type === "restore"
      ? "or move away what is left of it by hand: a restore of something that is gone destroys nothing"
      : "or use `--scenario none`, which restores beside the live one";
  return destroyed(facts).map(({ name, target }) => ({
    guard: "production",
    component: name,
    message: `${target} belongs to production, where nothing is destroyed without approvals, and the plan asks for none`,
    hint: `Add \`approvals: { destroy: 1 }\` to the plan, ${otherwise}.`,
  }));
}
