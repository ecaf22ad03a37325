import { conditionOf } from "../activities/kubernetes/object.ts";
import type { Clues, Snapshot } from "./cause.ts";
import { placeOf } from "./expected.ts";
import { at, find, secondsSince } from "./look.ts";
import { absentOf, gitopsPlace, makersOf } from "./makers.ts";

/** Expected objects that are not there: whoever is to make them is asked why; perhaps nobody is. */

export function absent(snapshot: Snapshot): Clues {
  const clues: Clues = { findings: [], needs: [] };
  const orphans: string[] = [];
  for (const expected of absentOf(snapshot)) {
    const place = placeOf(expected);
    const makers = makersOf(snapshot, expected);
    clues.needs.push(...makers.map((maker) => ({ who: place, what: gitopsPlace(maker) })));
    if (makers.length === 0) orphans.push(place);
  }
  if (orphans.length === 0 || isYoung(snapshot) || makesMore(snapshot)) return clues;
  const first = orphans.slice(0, 3).join(", ");
  clues.needs.push(...orphans.map((who) => ({ who, what: "Absent/" })));
  clues.findings.push({
    at: "Absent/",
    object: orphans[0]!,
    type: "NOTHING_MAKES_IT",
    cause: `${orphans.length > 3 ? `${first} and ${orphans.length - 3} more` : first} ${orphans.length === 1 ? "is" : "are"} absent, and no Kustomization, HelmRelease or Application makes ${orphans.length === 1 ? "it" : "them"}`,
    hint: "Put it into Git, or make it by hand and note that a recovery needs that.",
    idle: true,
  });
  return clues;
}

/** Operators and people get a minute. */
function isYoung(snapshot: Snapshot): boolean {
  const namespace = find(snapshot.cluster, "Namespace", snapshot.namespace);
  return namespace !== undefined && secondsSince(snapshot, namespace.metadata.creationTimestamp) < 45;
}

/** Somebody is at work and may come to it. */
function makesMore({ gitops }: Snapshot): boolean {
  return gitops.some(
    (object) =>
      conditionOf(object, "Reconciling")?.status === "True" || at(object, "status.operationState.phase") === "Running",
  );
}
