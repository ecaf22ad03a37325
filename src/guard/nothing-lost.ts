import type { Refusal } from "../report/record.ts";
import type { Facts } from "./facts.ts";

const wordsOf: Record<string, (target: string) => { message: string; hint: string }> = {
  namespace: (target) => ({
    message: `${target} is whole: all of it is there and ready`,
    hint: "There is nothing to restore. Drill it with `firedrill exercise PLAN --scenario namespace`.",
  }),
  cluster: (target) => ({
    message: `${target} is there: something answers`,
    hint: "Restore what is missing in it with `firedrill restore PLAN`. If it cannot be saved, destroy it with its infrastructure's own program first.",
  }),
};

/** What is whole is not restored: a namespace would be taken from those who use it, a cluster made a second time. */
export function nothingLost({ type, components }: Facts): Refusal[] {
  const known = components.filter(({ lost }) => lost !== undefined);
  if (type !== "restore" || known.length === 0 || known.some(({ lost }) => lost)) return [];
  return known.flatMap(({ name, target, kind }) => {
    const words = wordsOf[kind];
    return words === undefined ? [] : [{ guard: "nothing-lost", component: name, ...words(target) }];
  });
}
