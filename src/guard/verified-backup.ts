import type { Refusal } from "../report/record.ts";
import type { Facts } from "./facts.ts";

/** Nothing is destroyed before a backup of this very run was read back and found whole. */
export function verifiedBackup({ type, stage, components, verified }: Facts): Refusal[] {
  // A restore makes no backup: what it replaces is kept beside until the restored data is in place.
  if (stage !== "destroy" || type === "restore") return [];
  return components
    .filter(({ name }) => !verified.some((backup) => backup.component === name && isWhole(backup)))
    .map(({ name, target }) => ({
      guard: "verified-backup",
      component: name,
      message: `no backup of ${target} was made and verified in this run`,
      hint: "Find out in the report why its backup or its proof is missing, then start a new run.",
    }));
}

function isWhole({ backupId, verifiedAt }: Facts["verified"][number]): boolean {
  return backupId !== "" && verifiedAt !== "";
}
