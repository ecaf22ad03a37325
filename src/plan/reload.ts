import diff from "microdiff";
import { fail } from "../failures.ts";
import type { Component, Plan } from "./schema.ts";

/** What may be changed in a plan while a run is under way, and what would contradict the steps that are done. */

/** How the work is done, and not what it is done to: finished steps stay as true when these change. */
const changeable: { [K in Component["kind"]]: string[] } = {
  pgdump: ["connection.password", "connection.tls", "maintenanceDatabase", "jobs", "retention", "keepFree"],
  pgbackrest: ["connection.password", "connection.tls", "osUser", "start", "stop", "keepFree"],
  namespace: ["within", "standstill", "strip"],
  workload: ["within", "standstill"],
  cluster: ["within", "standstill"],
  longhorn: ["within", "standstill", "store", "image", "parallel"],
};
/** Of the plan itself, where each step asks the cluster who it is; the rest decides what may be destroyed and what is proven. */
const ofPlan = ["access", "owner", "decisions", "notify", "schedule", "freeze"];

/**
 * Of a layer. What `destroys:` allows counts when its destruction is planned: what was shown stays as it was. Where commands go
 * nobody but their environment may say.
 */
function isOfLayer(path: string, { infrastructure = [] }: Plan): boolean {
  const [, index, key = ""] = /^infrastructure\.(\d+)\.([A-Za-z]+)/.exec(path) ?? [];
  const kind = infrastructure[Number(index)]?.kind;
  return ["timeout", "lockTimeout", "destroys"].includes(key) || (key === "environment" && kind !== "command");
}

const below = (path: string, keys: string[]) => keys.some((key) => path === key || path.startsWith(`${key}.`));

function changedPaths(before: object, after: object): string[] {
  return diff(before, after).map(({ path }) => path.join("."));
}

/**
 * Compares a plan with the one that a run has read before.
 * @param running names of the run's components
 * @param begun names of those of which a step is done
 * @returns paths such as `components.shop.jobs`: all that was changed, and what must not be
 */
export function comparePlans(
  before: Plan,
  after: Plan,
  running: string[],
  begun: Set<string>,
): { changed: string[]; forbidden: string[] } {
  const changed: string[] = [];
  const forbidden: string[] = [];
  const note = (path: string, may: boolean) => {
    changed.push(path);
    if (!may) forbidden.push(path);
  };
  const { components: old, ...rest } = before;
  const { components: now, ...restNow } = after;
  for (const path of changedPaths(rest, restNow)) note(path, below(path, ofPlan) || isOfLayer(path, before));
  for (const name of new Set([...old, ...now].map((one) => one.name))) {
    const [one, other] = [old, now].map((all) => all.find((component) => component.name === name));
    const isRunning = running.includes(name);
    if (one === undefined || other === undefined) note(`components.${name}`, !isRunning);
    else
      for (const path of changedPaths(one, other)) {
        const free = !isRunning || (!begun.has(name) && path !== "kind" && !below(path, ["objectives"]));
        note(`components.${name}.${path}`, free || below(path, changeable[one.kind]));
      }
  }
  return { changed, forbidden };
}

/** A plan by which a run has worked that is resumed, and the names of that run's components. */
export interface WorkedBy {
  plan: Plan;
  components: string[];
}

/**
 * Why a run cannot go on with another one by this plan; undefined when it can.
 * @param running names of its components
 * @param taken names of those that it takes steps of over
 */
export function contradiction(before: WorkedBy, after: Plan, running: string[], taken: Set<string>): Error | undefined {
  const { forbidden } = comparePlans(before.plan, after, running, taken);
  if (taken.size > 0 && forbidden.length > 0)
    return fail(
      "REQUEST_INVALID",
      `plan ${after.name} differs from the one by which the run before has worked: ${forbidden.join(", ")}`,
      "Put that back and resume again, or bring back by `firedrill restore` what was lost.",
    );
  const others = before.components.filter((name) => !running.includes(name));
  return others.length === 0
    ? undefined
    : fail("REQUEST_INVALID", `the run before had ${others.join(", ")} as well`, "Resume it with all of them.");
}
