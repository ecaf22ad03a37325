import type { Refusal } from "../report/record.ts";
import type { Facts } from "./facts.ts";

/** A namespace that is whole, with its data, is not restored: it would be taken from those who use it. */
export function nothingLost({ type, components }: Facts): Refusal[] {
  const known = components.filter(({ lost }) => lost !== undefined);
  if (type !== "restore" || known.length === 0 || known.some(({ lost }) => lost)) return [];
  return known
    .filter(({ kind }) => kind === "namespace")
    .map(({ name, target }) => ({
      guard: "nothing-lost",
      component: name,
      message: `${target} is whole: all of it is there and ready`,
      hint: "There is nothing to restore. Drill it with `firedrill exercise PLAN --scenario namespace`.",
    }));
}
