import type { PgDumpComponent } from "../../plan/schema.ts";
import type { StepContext } from "../step.ts";
import { type Backup, notProven, type Retention } from "../verbs.ts";
import { listSets, type Manifest, removeSet } from "./sets.ts";

/**
 * Which dumps go: those beyond the count and those older than the age. The newest stays whatever the rule says, and so
 * does the one that this run has just proven.
 * @param sets the newest first
 * @param now milliseconds since 1970
 */
export function expired(
  sets: Manifest[],
  { count, age }: PgDumpComponent["retention"],
  proven: string,
  now: number,
): Manifest[] {
  return sets.filter(({ id, takenAt }, index) => {
    if (index === 0 || id === proven) return false;
    return (count !== undefined && index >= count) || (age !== undefined && now - Date.parse(takenAt) > age);
  });
}

export async function retainPgDump(
  { component, backup, proven }: { component: PgDumpComponent; backup: Backup; proven: boolean },
  context: StepContext,
): Promise<Retention> {
  if (!proven) return notProven;
  const sets = await listSets(component, context.run.plan);
  const old = expired(sets, component.retention, backup.id, Date.now());
  for (const { id } of old) {
    context.progress(`removing ${id}`);
    await removeSet(component, id);
  }
  return { removed: old.map(({ id }) => id), note: `${sets.length - old.length} dumps kept, ${old.length} removed` };
}
