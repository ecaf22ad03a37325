import type { KubernetesObject } from "../activities/kubernetes/object.ts";
import { readiness } from "../activities/kubernetes/readiness.ts";
import type { Snapshot } from "./cause.ts";
import { kindOf } from "./look.ts";
import { readyEndpoints, selectorOf } from "./services.ts";

/** Whether an object works now, and so needs no explanation. A Service does when somebody answers behind it. */
export function isReady({ at, objects }: Snapshot, object: KubernetesObject): boolean {
  if (readiness(object, Date.parse(at)).status !== "ready") return false;
  return kindOf(object) !== "Service" || selectorOf(object) === undefined || readyEndpoints(objects, object).length > 0;
}
