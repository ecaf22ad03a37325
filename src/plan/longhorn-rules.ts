import type { Complaint } from "./complaint.ts";
import type { LonghornComponent } from "./longhorn-schema.ts";
import { isMany } from "./many-volumes.ts";
import type { Component, Plan } from "./schema.ts";

/** Rules about the keys of Longhorn volumes. */

/** One volume by its claim or by its name, or many by their namespace. */
export function volumesAreNamed({ components }: Plan): Complaint[] {
  return each(components, (component, at) => {
    const { claim, namespace, volume, selector, workload, parallel } = component;
    const hint = "Write `namespace` and `claim`, or `volume`, or `namespace` alone for all of its claims.";
    if (claim === undefined && namespace === undefined && volume === undefined)
      return [at("volume", "nothing says which volume is meant", hint, "around")];
    if (claim !== undefined && namespace === undefined)
      return [at("claim", "is in no namespace: `namespace` is missing", hint)];
    if (claim !== undefined && selector !== undefined)
      return [at("selector", "chooses among claims, but `claim` names one", hint)];
    if (claim === undefined && namespace !== undefined && volume !== undefined)
      return [at("namespace", "is that of a claim, but `volume` names the volume: `claim` is missing", hint)];
    if (isMany(component) && workload !== undefined)
      return [
        at(
          "workload",
          "uses one claim, but `namespace` without `claim` means many",
          "Remove it: each claim's workload is found by its pods.",
        ),
      ];
    if (selector !== undefined && namespace === undefined)
      return [at("selector", "chooses among claims of a namespace: `namespace` is missing", hint)];
    if (!isMany(component) && parallel !== undefined)
      return [at("parallel", "is for many volumes, but one is named", "Remove it.")];
    return [];
  });
}

export function storeKeysTogether({ components }: Plan): Complaint[] {
  return each(components, ({ store: { accessKey, secretKey } }, at) =>
    (accessKey === undefined) === (secretKey === undefined)
      ? []
      : [at("store", "has one of accessKey and secretKey, but not the other", "Write both, or neither.")],
  );
}

/** Whether two components protect the same volume, as far as their names tell. */
export function sameVolume(one: LonghornComponent, other: LonghornComponent): boolean {
  if (one.volume !== undefined && one.volume === other.volume) return true;
  if (one.namespace === undefined || one.namespace !== other.namespace) return false;
  if (one.claim !== undefined && other.claim !== undefined) return one.claim === other.claim;
  // Labels tell only in the cluster whether two selections have a claim in common.
  return one.selector === undefined || other.selector === undefined;
}

type At = (key: string, message: string, hint: string, at?: "around") => Complaint;

function each(components: Component[], ask: (component: LonghornComponent, at: At) => Complaint[]): Complaint[] {
  return components.flatMap((component, n) =>
    component.kind !== "longhorn"
      ? []
      : ask(component, (key, message, hint, at) => ({
          path: ["components", n, key],
          message,
          hint,
          ...(at !== undefined && { at }),
        })),
  );
}
