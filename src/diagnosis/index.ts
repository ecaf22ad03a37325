import { absent } from "./absent.ts";
import { admission } from "./admission.ts";
import { argo } from "./argo.ts";
import type { Cause, Clues, Snapshot } from "./cause.ts";
import { certificates } from "./certificates.ts";
import { crashes } from "./crash.ts";
import { customResources } from "./custom-resources.ts";
import { flux } from "./flux.ts";
import { fold } from "./fold.ts";
import { helm } from "./helm.ts";
import { images } from "./images.ts";
import { structure } from "./needs.ts";
import { network } from "./network.ts";
import { outside } from "./outside.ts";
import { probes } from "./probes.ts";
import { references } from "./references.ts";
import { scheduling } from "./scheduling.ts";
import { sources } from "./sources.ts";
import { storage } from "./storage.ts";
import { isTerminating, terminating } from "./terminating.ts";
import { workloadFindings } from "./workloads.ts";

/** In the order of how much they know: of two findings at one place the first one counts. */
const families: ((snapshot: Snapshot) => Clues)[] = [
  structure,
  images,
  references,
  outside,
  probes,
  crashes,
  scheduling,
  storage,
  customResources,
  certificates,
  admission,
  network,
  workloadFindings,
  sources,
  flux,
  helm,
  argo,
  absent,
];

/** Root causes of all that is wrong in a namespace, the one that explains most first; none when it is healthy. */
export function diagnoseNamespace(snapshot: Snapshot): Cause[] {
  const clues = (isTerminating(snapshot) ? [terminating] : families).map((family) => family(snapshot));
  return fold(snapshot, {
    findings: clues.flatMap(({ findings }) => findings),
    needs: clues.flatMap(({ needs }) => needs),
  });
}
