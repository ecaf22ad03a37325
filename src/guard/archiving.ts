import type { Refusal } from "../report/record.ts";
import type { Facts } from "./facts.ts";

/** Without WAL archiving a backup of a cluster cannot be completed, and what is written after it is lost. */
export function archiving({ type, components }: Facts): Refusal[] {
  // A restore works with what was archived while the target lived.
  if (type === "restore") return [];
  return components
    .filter((component) => component.archiving === false)
    .map(({ name, target }) => ({
      guard: "archiving",
      component: name,
      message: `${target} does not archive its WAL`,
      hint: "Set archive_mode and archive_command, then run `pgbackrest --stanza=… check` until it succeeds.",
    }));
}
