import type { Complaint } from "./complaint.ts";
import { reserved } from "./component-parts.ts";
import type { Plan } from "./schema.ts";

/** Their names make step IDs, as those of components do. */
export function layersAreDistinct({ components, infrastructure = [] }: Plan): Complaint[] {
  return infrastructure.flatMap(({ name }, n) => {
    const path = ["infrastructure", n, "name"];
    const hint = "Give each layer a name of its own.";
    const taken = [...infrastructure.slice(0, n), ...components].some((other) => other.name === name);
    if (taken) return [{ path, message: "a layer before, or a component, has this name already", hint }];
    return reserved.includes(name) ? [{ path, message: `"${name}" is the name of a step of every run`, hint }] : [];
  });
}
