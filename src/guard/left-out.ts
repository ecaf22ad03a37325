import type { Refusal } from "../report/record.ts";
import type { ComponentFacts, RecoveryFacts } from "./facts.ts";

/** One more refusal where the list of that guard was cut: nobody may take what is named for all there is. */
export function leftOut(
  guard: keyof NonNullable<RecoveryFacts["more"]>,
  { name, target, recovery }: ComponentFacts,
): Refusal[] {
  const more = recovery?.more?.[guard];
  if (more === undefined) return [];
  return [
    {
      guard,
      component: name,
      message: `${target} has ${more} more problem${more === 1 ? "" : "s"} of this sort, which ${more === 1 ? "is" : "are"} not named here`,
      hint: "Mend those that are named: the next look names the rest.",
    },
  ];
}
