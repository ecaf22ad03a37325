import type { RecoveryFacts } from "../../guard/facts.ts";

/** What a person would read of one sort; the rest is counted. */
export const mostNames = 20;

/** Cuts each list to what a person would read, and counts what was left out. Pure. */
export function cut(
  lists: Required<Pick<RecoveryFacts, "gitops" | "images" | "admission" | "volumes">>,
): Omit<RecoveryFacts, "orphans"> {
  const { gitops, images, admission, volumes } = lists;
  const more = Object.fromEntries(
    Object.entries(lists).flatMap(([sort, list]) => (list.length > mostNames ? [[sort, list.length - mostNames]] : [])),
  );
  return {
    gitops: gitops.slice(0, mostNames),
    images: images.slice(0, mostNames),
    admission: admission.slice(0, mostNames),
    volumes: volumes.slice(0, mostNames),
    ...(Object.keys(more).length > 0 && { more }),
  };
}
