import { existsSync } from "node:fs";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { keptIn } from "./ending.ts";
import type { Made } from "./show.ts";

/** The plan and the worker's configuration, as a person would write them. */
export interface SetupFiles {
  plan: string;
  config: string;
}

export const taskQueueOf = (demo: string) => `firedrill-${demo}`;

export async function writeSetupFiles(demo: string, { plan, mayDestroy }: Made, root: string): Promise<SetupFiles> {
  const folder = (name: string) => join(root, name);
  for (const name of ["plans", "records", "state"]) await mkdir(folder(name), { mode: 0o700 });
  const files = { plan: join(folder("plans"), `${plan.name}.yaml`), config: folder("firedrill.yaml") };
  await keepTimes(demo, folder("records"));
  await writeFile(files.plan, stringify(plan));
  const places = { plans: folder("plans"), records: folder("records"), state: folder("state") };
  await writeFile(files.config, stringify({ ...places, taskQueue: taskQueueOf(demo), mayDestroy }));
  return files;
}

/** The record of an earlier demo, if its reports are still there, lets the live view say how long this one will take. */
async function keepTimes(demo: string, records: string): Promise<void> {
  const earlier = join(keptIn(demo), "report.json");
  if (!existsSync(earlier)) return;
  await mkdir(join(records, "earlier-demo"), { mode: 0o700 });
  await cp(earlier, join(records, "earlier-demo", "report.json"));
}
