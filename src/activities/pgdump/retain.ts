import type { PgDumpComponent } from "../../plan/schema.ts";
import type { StepContext } from "../step.ts";
import { type Backup, notProven, type Retention } from "../verbs.ts";
import { whyNeeded } from "./needed.ts";
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
  const removed: string[] = [];
  const spared: string[] = [];
  for (const set of old) {
    const why = await whyNeeded(component, set);
    if (why !== undefined) spared.push(why);
    else {
      context.progress(`removing ${set.id}`);
      await removeSet(component, set.id);
      removed.push(set.id);
    }
  }
  const counts = `${sets.length - removed.length} dumps kept, ${removed.length} removed`;
  return { removed, note: [counts, ...spared.map((why) => `kept ${why}`)].join("; ") };
}
