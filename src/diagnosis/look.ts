import { type KubernetesObject, nameOf } from "../activities/kubernetes/object.ts";
import { patienceSeconds, type Snapshot } from "./cause.ts";

/** How families read a snapshot. */

/** @param kind as `nameOf` writes it: "Pod", "Certificate.cert-manager.io" */
export function ofKind(objects: KubernetesObject[], kind: string): KubernetesObject[] {
  const plain = kind.split(".")[0];
  return objects.filter((object) => object.kind === plain && kindOf(object) === kind);
}

export const kindOf = (object: Pick<KubernetesObject, "apiVersion" | "kind" | "metadata">) =>
  nameOf(object).slice(0, -object.metadata.name.length - 1);

export function find(objects: KubernetesObject[], kind: string, name: string): KubernetesObject | undefined {
  return objects.find((object) => object.metadata.name === name && kindOf(object) === kind);
}

/** The value at a path such as "spec.template.spec"; undefined where any part is missing. */
// oxlint-disable-next-line no-unnecessary-type-parameters -- what lies there is for the caller to know
export function at<T>(object: unknown, path: string): T | undefined {
  let value = object;
  for (const key of path.split(".")) value = (value as Record<string, unknown> | null | undefined)?.[key];
  return (value ?? undefined) as T | undefined;
}

/** From then until the snapshot; endless where nobody says since when. */
export function secondsSince(snapshot: Snapshot, time: string | null | undefined): number {
  return time ? (Date.parse(snapshot.at) - Date.parse(time)) / 1000 : Infinity;
}

/** What the cluster said about an object. */
interface Told {
  reason: string;
  message: string;
  count: number;
  first: string | undefined;
  last: string | undefined;
  /** "spec.containers{web}" */
  fieldPath: string;
}

/** Oldest first. An object's namesake, which it followed, has another uid. */
export function eventsOf(snapshot: Snapshot, { kind, metadata }: KubernetesObject, ...reasons: string[]): Told[] {
  return ofKind(snapshot.objects, "Event")
    .filter((event) => {
      const about = at<{ kind?: string; name?: string; uid?: string }>(event, "involvedObject") ?? {};
      const same = about.uid && metadata.uid ? about.uid === metadata.uid : true;
      return same && about.kind === kind && about.name === metadata.name && reasons.includes(String(event["reason"]));
    })
    .map((event) => {
      const created = event.metadata.creationTimestamp;
      const alone = at<string>(event, "eventTime") ?? created;
      return {
        reason: String(event["reason"]),
        message: at<string>(event, "message") ?? "",
        count: at<number>(event, "series.count") ?? at<number>(event, "count") ?? 1,
        first: at<string>(event, "firstTimestamp") ?? alone,
        last: at<string>(event, "series.lastObservedTime") ?? at<string>(event, "lastTimestamp") ?? alone,
        fieldPath: at<string>(event, "involvedObject.fieldPath") ?? "",
      };
    })
    .sort((a, b) => ((a.last ?? "") < (b.last ?? "") ? -1 : 1));
}

/** One line of bounded length, without a full stop, for the middle of a sentence. */
export function quote(text: string, length = 300): string {
  const line = text.trim().replace(/\s+/g, " ").replace(/\.$/, "");
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
}

/** It began so lately that a healthy recovery may look the same. */
export function patience(snapshot: Snapshot, since: string | undefined): boolean {
  return secondsSince(snapshot, since) < patienceSeconds;
}
