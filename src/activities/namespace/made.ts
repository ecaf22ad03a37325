import type { KubernetesObject } from "../kubernetes/object.ts";
import { readiness } from "../kubernetes/readiness.ts";
import type { CheckRecord } from "../../report/record.ts";
import type { Inventory } from "./memory.ts";
import type { Waiting } from "./observe.ts";

/**
 * What operators make of their custom resources, under names of their own: a RabbitmqCluster's StatefulSet and Services. Only
 * how many there are, and how many are ready, can be compared. A custom resource may say nothing of them.
 */
export interface Made {
  /** "RabbitmqCluster/queue → StatefulSet" */
  id: string;
  by: string;
  kind: string;
  /** How many of them were ready before. */
  ready: number;
}

/** Their own readiness counts what they make; or it goes again when its work is done. */
const tellThemselves = new Set([
  "Deployment",
  "ReplicaSet",
  "StatefulSet",
  "DaemonSet",
  "Job",
  "CronJob",
  "Service",
  "CertificateRequest",
  "Order",
  "Challenge",
]);

export function madeBefore({ entries }: Pick<Inventory, "entries">): Made[] {
  const owned = entries.filter(
    ({ origin, troubleBefore }) =>
      origin.from === "owner" && troubleBefore === null && !tellThemselves.has(origin.by.split("/")[0]!),
  );
  const alike = Map.groupBy(
    owned.filter(({ origin }) => origin.by.includes("/")),
    ({ origin, kind }) => `${origin.by} → ${kind}`,
  );
  return [...alike].map(([id, of]) => ({ id, by: of[0]!.origin.by, kind: of[0]!.kind, ready: of.length }));
}

function readyNow({ by, kind }: Made, objects: KubernetesObject[]): number {
  return objects.filter(
    (one) =>
      one.kind === kind &&
      one.metadata.ownerReferences?.some((owner) => `${owner.kind}/${owner.name}` === by) &&
      readiness(one).status === "ready",
  ).length;
}

export function waitingForMade(made: Made[], objects: KubernetesObject[]): Waiting[] {
  return made.flatMap((one) => {
    const now = readyNow(one, objects);
    return now >= one.ready ? [] : [{ id: one.id, why: `${now} of ${one.ready} ready` }];
  });
}

export function rowsOfMade(made: Made[], objects: KubernetesObject[]): Omit<CheckRecord, "negativeControl">[] {
  return made.map((one) => {
    const now = readyNow(one, objects);
    return {
      name: one.id,
      title: one.id,
      proven: true,
      passed: now >= one.ready,
      exact: false,
      expected: `${one.ready} ready, as before`,
      found: `${now} ready`,
    };
  });
}
