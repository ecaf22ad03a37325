import type { LonghornComponent } from "./longhorn-schema.ts";
import type { Component } from "./schema.ts";

/** Components that mean many volumes, each of which is drilled by itself. Pure. */

/** Which of the volumes of a component it is. */
export interface OneOf {
  /** Name of the component in the plan. */
  component: string;
  claim: string;
  /** What uses it: "deployment/shop"; missing where nothing does, or several do. */
  workload?: string | undefined;
}

/** Whether it means many volumes. */
export function isMany({ claim, volume }: Pick<LonghornComponent, "claim" | "volume">): boolean {
  return claim === undefined && volume === undefined;
}

/** The same of a component of any kind. */
export function meansMany(component: Component): component is LonghornComponent {
  return component.kind === "longhorn" && isMany(component);
}

/** The component of one volume: what the plan says of all, and what the cluster says of this one. */
export function volumeOf(many: LonghornComponent, name: string, { claim, workload }: OneOf): LonghornComponent {
  const { selector: _, parallel: __, ...rest } = many;
  return { ...rest, name, claim, ...(workload !== undefined && { workload }) };
}

/** Names in the plan of what a run is about: one for all volumes that a component means. */
export function namesInPlan(components: { name: string; of?: OneOf | undefined }[]): string[] {
  return [...new Set(components.map(({ name, of }) => of?.component ?? name))];
}
