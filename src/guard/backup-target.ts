import type { Refusal } from "../report/record.ts";
import type { Facts } from "./facts.ts";

/** A backup that cannot be made, that nobody can look at, or that goes with the cluster would bring nothing back. */
export function backupTarget({ type, components }: Facts): Refusal[] {
  // What is in the store a restore finds out by itself, and then waits for a person.
  if (type === "restore") return [];
  return components.flatMap(({ name, target, storage }) =>
    (storage?.backupTarget ?? []).map(({ problem, hint }) => ({
      guard: "backup-target",
      component: name,
      message: `backups of ${target} would be of no use: ${problem}`,
      hint,
    })),
  );
}
