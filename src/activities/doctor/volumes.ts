import { meansMany, volumeOf } from "../../plan/many-volumes.ts";
import type { Component, Plan } from "../../plan/schema.ts";
import type { Patience } from "../kubernetes/request.ts";
import { listVolumes } from "../longhorn/list.ts";
import type { StepContext } from "../step.ts";
import { find, type Finding } from "./finding.ts";

/** The components of a plan with each volume in place of the component that means it among others, and what was found of those. */
export async function withVolumes(
  { components, access }: Plan,
  context: StepContext,
  patience: Patience,
): Promise<{ components: Component[]; findings: Finding[] }> {
  const findings: Finding[] = [];
  const each = components.map(async (component): Promise<Component[]> => {
    if (!meansMany(component)) return [component];
    let volumes: Component[] = [];
    const finding = await find("plan", component.name, async () => {
      // Of a plan that was read, whose rules want it.
      const listed = await listVolumes({ component, access: access! }, context, patience);
      volumes = listed.volumes.map(({ name, of }) => volumeOf(component, name, of));
      return listed.note;
    });
    findings.push(finding);
    return volumes;
  });
  return { components: (await Promise.all(each)).flat(), findings };
}
