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

/** Else nothing could destroy it, and nothing bring it back. */
export function clusterIsMade({ components, infrastructure = [] }: Plan): Complaint[] {
  const cluster = components.find(({ kind }) => kind === "cluster");
  if (cluster === undefined || infrastructure.length > 0) return [];
  const hint = "Say what makes it: docs/infrastructure.md shows the kinds of layers.";
  const message = `missing key "infrastructure": ${cluster.name} (cluster) is destroyed and made by its layers`;
  return [{ path: ["infrastructure"], at: "around", message, hint }];
}
