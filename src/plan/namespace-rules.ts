import type { Complaint } from "./complaint.ts";
import { nearest } from "./nearest.ts";
import type { Plan } from "./schema.ts";

/** What a namespace names as its data is backed up and restored by a component of its own, for this namespace alone. */
export function dataIsProtected({ components }: Plan): Complaint[] {
  const seen = new Map<string, string>();
  const names = components.filter(({ kind }) => kind === "pgdump").map(({ name }) => name);
  return components.flatMap((holder, n) => {
    if (holder.kind !== "namespace") return [];
    return (holder.data ?? []).flatMap(({ component }, index): Complaint[] => {
      const path = ["components", n, "data", index, "component"];
      const first = seen.get(component);
      seen.set(component, holder.name);
      if (!names.includes(component)) {
        const meant = nearest(component, names);
        const hint = "Add a component of kind pgdump for the database, and name it here.";
        const message = `"${component}" is no component of kind pgdump`;
        return [{ path, message, hint: meant === undefined ? hint : `Did you mean "${meant}"?` }];
      }
      if (first === undefined) return [];
      return [{ path, message: `is data of "${first}" already`, hint: "Name each database once." }];
    });
  });
}
