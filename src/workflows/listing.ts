import type { Resumed } from "../activities/resume.ts";
import { fail } from "../failures.ts";
import type { LonghornComponent } from "../plan/longhorn-schema.ts";
import { meansMany, type OneOf, volumeOf } from "../plan/many-volumes.ts";
import { stepId } from "../plan/steps.ts";
import type { Component } from "../plan/schema.ts";
import { newComponent } from "../report/begin.ts";
import { hasBegunLoss } from "../report/loss.ts";
import type { ComponentRecord, RunRecord } from "../report/record.ts";
import { listVolumes } from "./activities.ts";
import type { Steps } from "./steps.ts";
import type { createPlanInUse } from "./plan-in-use.ts";

interface Volume {
  name: string;
  of: OneOf;
}

/**
 * Finds the volumes of the components that mean many, and puts each into the record in place of the component. A run that is
 * resumed goes on with those of the run before: what that one has destroyed is in no list any more.
 * @throws PLAN_INVALID where two components of the run mean one volume
 */
export async function findVolumes(
  record: RunRecord,
  plan: ReturnType<typeof createPlanInUse>,
  steps: Steps,
  resumed: Resumed | null,
): Promise<void> {
  const found = new Map<string, Volume[]>();
  for (const many of plan.components().filter(meansMany)) {
    const id = stepId("list", many.name);
    const before = takenOver(record, id, many, resumed);
    const input = { component: many, access: plan.access(), toTime: record.run.toTime };
    const volumes = before ?? (await steps.run(id, listVolumes, input))?.value.volumes;
    // Only an audit goes on without: its report names the step that failed.
    if (volumes !== undefined) found.set(many.name, volumes);
  }
  const unknown = plan.components().filter((one) => meansMany(one) && !found.has(one.name));
  if (found.size === 0 && unknown.length === 0) return;
  const known = plan.components().filter((one) => !unknown.includes(one));
  const components = known.flatMap((one): { component: Component; of?: OneOf }[] => {
    const volumes = found.get(one.name);
    if (volumes === undefined) return [{ component: one }];
    return volumes.map(({ name, of }) => ({ component: volumeOf(one as LonghornComponent, name, of), of }));
  });
  requireDistinct(components.map(({ component }) => component));
  const records = components.map(({ component, of }) => recordOf(record, component, of));
  record.components = [...records, ...unknown.map((component) => recordOf(record, component, undefined))];
  plan.narrow(components.map(({ component: { name }, of }) => ({ name, of })));
}

function takenOver(
  record: RunRecord,
  id: string,
  { name }: LonghornComponent,
  resumed: Resumed | null,
): Volume[] | undefined {
  // A drill that has taken nothing away begins anew, with what is there now.
  if (record.run.type === "exercise" && !hasBegunLoss(resumed?.steps ?? [])) return undefined;
  const volumes = (resumed?.components ?? []).flatMap((one) =>
    one.of?.component === name ? [{ name: one.name, of: one.of }] : [],
  );
  const before = resumed?.steps.find((step) => step.id === id);
  if (volumes.length === 0 || before === undefined) return undefined;
  const step = record.steps.find((one) => one.id === id)!;
  Object.assign(step, before, { carriedOver: true, expectedSeconds: step.expectedSeconds });
  return volumes;
}

/** By their names: step IDs and files of the run are made of them; and by what they mean. */
function requireDistinct(components: Component[]): void {
  const hint = "Name another namespace or selector, or give one of the components another name.";
  for (const [index, one] of components.entries())
    for (const other of components.slice(index + 1)) {
      if (one.name === other.name)
        throw fail("PLAN_INVALID", `two components of this run would be called ${one.name}`, hint);
      if (one.kind !== "longhorn" || other.kind !== "longhorn" || one.claim === undefined) continue;
      if (one.claim === other.claim && one.namespace === other.namespace)
        throw fail("PLAN_INVALID", `${one.name} and ${other.name} are both claim ${one.namespace}/${one.claim}`, hint);
    }
}

function recordOf({ components }: RunRecord, component: Component, of: OneOf | undefined): ComponentRecord {
  const known = components.find(({ name }) => name === (of?.component ?? component.name))!;
  if (of === undefined) return known;
  const { rto, rpo, directory } = known;
  return { ...newComponent(component, { objectives: {} }, directory, { of }), rto: { ...rto }, rpo: { ...rpo } };
}
