import { nameOf } from "../activities/kubernetes/object.ts";
import type { Clues, Snapshot } from "./cause.ts";
import { brokenContainers } from "./pods.ts";
import { serviceNeeds } from "./services.ts";

/** Who needs whom, by the objects themselves: an owner what it owns, a pod its containers, a Service its pods. */
export function structure(snapshot: Snapshot): Clues {
  const owned = snapshot.objects.flatMap((object) =>
    (object.metadata.ownerReferences ?? []).map((owner) => ({
      who: nameOf({ ...owner, metadata: owner }),
      what: nameOf(object),
    })),
  );
  const containers = brokenContainers(snapshot).map(({ pod, place }) => ({ who: nameOf(pod), what: place }));
  return { findings: [], needs: [...owned, ...containers, ...serviceNeeds(snapshot)] };
}
