import { readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { PgBackRestComponent } from "../../plan/schema.ts";
import type { StepContext } from "../step.ts";
import { type Backup, notProven, type Retention } from "../verbs.ts";
import { backrest, backrestFailure } from "./client.ts";
import { catalogDirectory } from "./cluster-state.ts";
import { identityOf, readInfo } from "./info.ts";
import { recall, remember } from "./memory.ts";

/** Lets pgBackRest remove what its own configuration no longer keeps, and forgets what was noted about it. */
export async function retainPgBackRest(
  { component, proven }: { component: PgBackRestComponent; backup: Backup; proven: boolean },
  context: StepContext,
): Promise<Retention> {
  if (!proven) return notProven;
  const before = (await recall(context, component, "retain")) ?? { labels: await labelsOf(component) };
  await remember(context, component, "retain", before);
  const end = await backrest(component, "expire", [], 600_000);
  if (end.exitCode !== 0) throw backrestFailure("expire", end);
  const kept = await labelsOf(component);
  const removed = before.labels.filter((label) => !kept.includes(label));
  const directory = catalogDirectory(component, context, identityOf(await readInfo(component)));
  const entries = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  for (const entry of entries.filter((name) => !kept.includes(basename(name, ".json"))))
    await rm(join(directory, entry), { force: true });
  return {
    removed,
    note:
      removed.length === 0
        ? `all ${kept.length} backups are kept`
        : `${removed.length} backups removed, ${kept.length} kept`,
  };
}

async function labelsOf(component: PgBackRestComponent): Promise<string[]> {
  return (await readInfo(component)).backup.map(({ label }) => label);
}
