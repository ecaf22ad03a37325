import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts } from "./facts.ts";

/** Production needs the approval of other people before it is destroyed; there are no approvals yet, so: never. */
export function production(facts: Facts): Refusal[] {
  if (facts.environment !== "production") return [];
  const hint =
    facts.type === "restore"
      ? "Rename or move away what is left of it by hand; a restore of something that is gone destroys nothing."
      : "Use `--scenario none`, which restores beside the live one, or destroy a copy in staging.";
  return destroyed(facts).map(({ name, target }) => ({
    guard: "production",
    component: name,
    message: `${target} belongs to production, where nothing is destroyed without approvals`,
    hint,
  }));
}
