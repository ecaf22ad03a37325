import { readiness } from "../kubernetes/readiness.ts";
import { changedByHand, digestOf } from "./digest.ts";
import type { GitOps } from "./gitops.ts";
import { type Entry, type Inventory, viewOf } from "./memory.ts";
import { type Origin, originOf } from "./origin.ts";
import { isNamed } from "../kubernetes/patterns.ts";
import { scaledBy } from "../kubernetes/scaled.ts";
import type { Session } from "../kubernetes/session.ts";
import type { Survey } from "./survey.ts";

/**
 * Every object with who would bring it back, and what of it will be compared. Pure.
 * @param salt of this run alone
 * @param accepts what the plan gives up, by patterns of names
 */
export function takeInventory(
  session: Session,
  survey: Survey,
  { managers, flux, argo }: GitOps,
  { salt, accepts }: { salt: string; accepts: string[] },
): Inventory {
  const { namespace, objects } = survey;
  const all = namespace === undefined ? objects : [namespace, ...objects];
  const names = all.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
  const scaledByOthers = new Set(objects.flatMap(scaledBy));
  const holders = [...flux, ...argo].map(({ object: { kind, metadata } }) => {
    return { kind, namespace: metadata.namespace ?? "", name: metadata.name };
  });
  const entries = all.map((object, index): Entry => {
    const { apiVersion, kind, metadata } = object;
    const name = names[index]!;
    const origin: Origin =
      kind === "Namespace"
        ? { from: "gitops", by: managers.get(name) ?? "", generated: false }
        : originOf(object, objects, managers);
    const state = readiness(object);
    const twice = names.indexOf(name) !== names.lastIndexOf(name);
    const id = twice ? `${kind}.${apiVersion.split("/")[0]}/${metadata.name}` : name;
    const scaled = scaledByOthers.has(name);
    const view = viewOf({ origin, scaled });
    const byHand = isNamed(accepts, id) ? {} : changedByHand(object, view);
    return {
      apiVersion,
      kind,
      name: metadata.name,
      id,
      uid: metadata.uid ?? "",
      origin,
      troubleBefore: state.status === "ready" ? null : state.message,
      scaled,
      digest: digestOf(object, salt, view),
      ...(Object.keys(byHand).length > 0 && { byHand }),
    };
  });
  return {
    cluster: session.identity,
    uid: namespace?.metadata.uid ?? "",
    takenAt: new Date().toISOString(),
    holders,
    entries,
  };
}
