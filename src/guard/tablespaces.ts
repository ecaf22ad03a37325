import type { Refusal } from "../report/record.ts";
import type { Facts } from "./facts.ts";

/**
 * Tablespaces outside the target: a destruction would leave them behind, and a restore, also one into a scratch place,
 * would write over the live ones.
 */
export function tablespaces({ type, components }: Facts): Refusal[] {
  if (type === "backup") return [];
  return components
    .filter(({ tablespacesOutside }) => tablespacesOutside.length > 0)
    .map(({ name, target, tablespacesOutside }) => ({
      guard: "tablespaces",
      component: name,
      message: `${target} has data outside its own directory, in ${tablespacesOutside.join(", ")}`,
      hint: "Move it into the default tablespace (ALTER TABLE … SET TABLESPACE pg_default); only backups work with it.",
    }));
}
