import type { Cause, Clues, Expected, Finding, Snapshot } from "./cause.ts";
import { lookUp, placeOf } from "./expected.ts";
import { isReady } from "./ready.ts";

/**
 * Of all that is wrong, keeps what nothing else explains. A finding is a symptom when what its place needs, however far
 * away, has a finding of its own; places that need each other explain nothing of each other.
 */
export function fold(snapshot: Snapshot, { findings, needs }: Clues): Cause[] {
  const reach = reachIn(needs);
  const patient = ({ at, waitsFor }: Finding) => waitsFor !== undefined && !reach(waitsFor).has(at);
  const first = new Map(findings.toReversed().map((finding) => [finding.at, finding]));
  const perPlace = [...first.values()].toReversed().filter((finding) => !patient(finding));
  const explains = (root: Finding, symptom: Finding) =>
    root.at !== symptom.at && reach(symptom.at).has(root.at) && !reach(root.at).has(symptom.at);
  const broken = new Set(snapshot.expected.filter((expected) => !inOrder(snapshot, expected)).map(placeOf));
  const affectedBy = ({ at }: Finding) => [...broken].filter((place) => place === at || reach(place).has(at));
  return perPlace
    .filter((finding) => !perPlace.some((other) => explains(other, finding)))
    .map((finding) => ({ finding, affects: affectedBy(finding) }))
    .filter(
      ({ finding, affects }) =>
        finding.idle !== true ||
        affects.length > 0 ||
        perPlace.some((other) => !other.idle && explains(finding, other)),
    )
    .map(({ finding: { type, object, cause, hint }, affects }) => ({ type, object, cause, hint, affects }))
    .sort((a, b) => b.affects.length - a.affects.length || (a.object < b.object ? -1 : 1));
}

function inOrder(snapshot: Snapshot, expected: Expected): boolean {
  const object = lookUp(snapshot, expected);
  return object !== undefined && isReady(snapshot, object);
}

/** All places that one needs, directly or through others. */
function reachIn(needs: Clues["needs"]): (place: string) => Set<string> {
  const next = Map.groupBy(needs, ({ who }) => who);
  const known = new Map<string, Set<string>>();
  return (place) => {
    const before = known.get(place);
    if (before !== undefined) return before;
    const reached = new Set<string>();
    const open = [place];
    for (let who = open.pop(); who !== undefined; who = open.pop())
      for (const { what } of next.get(who) ?? [])
        if (!reached.has(what)) {
          reached.add(what);
          open.push(what);
        }
    known.set(place, reached);
    return reached;
  };
}
