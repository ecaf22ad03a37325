import type { Refusal } from "../report/record.ts";
import type { ComponentFacts, Facts } from "./facts.ts";

const wordsOf: Record<string, (facts: ComponentFacts) => { message: string; hint: string }> = {
  namespace: ({ target }) => ({
    message: `${target} is whole: all of it is there and ready`,
    hint: "There is nothing to restore. Drill it with `firedrill exercise PLAN --scenario namespace`.",
  }),
  cluster: ({ target, there }) => ({
    message: `${target} may be there: ${there}`,
    hint: "If it is this cluster, restore what is missing in it with `firedrill restore PLAN`, or, where it cannot be saved, destroy it with its infrastructure's own program first. If it is something else, or nobody can tell, let `access` of the plan lead to where the cluster was.",
  }),
};

/** What is whole is not restored: a namespace would be taken from those who use it, a cluster made a second time. */
export function nothingLost({ type, components }: Facts): Refusal[] {
  const known = components.filter(({ lost }) => lost !== undefined);
  if (type !== "restore" || known.length === 0 || known.some(({ lost }) => lost)) return [];
  return known.flatMap((one) => {
    const words = wordsOf[one.kind];
    return words === undefined ? [] : [{ guard: "nothing-lost", component: one.name, ...words(one) }];
  });
}
