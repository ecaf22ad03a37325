import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../../failures.ts";
import type { PgBackRestComponent } from "../../plan/schema.ts";
import type { StepContext } from "../step.ts";
import { isEmpty } from "./cluster.ts";
import { type ControlFile, recall, remember } from "./memory.ts";

export async function controlFile(data: string): Promise<ControlFile | undefined> {
  try {
    const { dev, ino, birthtimeMs } = await stat(join(data, "global", "pg_control"));
    return { dev, ino, born: birthtimeMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

export function isSame(one: ControlFile | undefined, other: ControlFile): boolean {
  return one?.dev === other.dev && one.ino === other.ino && one.born === other.born;
}

/** Notes which cluster is about to be destroyed. */
export async function rememberDoomed(component: PgBackRestComponent, context: StepContext): Promise<void> {
  const file = await controlFile(component.data);
  if (file === undefined) throw fail("TARGET_GONE", `${component.data} holds no cluster any more`);
  await remember(context, component, "doomed", file);
}

/**
 * An attempt after a crash goes on with the cluster that was noted, as far as it is still there: pg_control goes last, so
 * without it nothing can be left but the rest of its directory. Anything else was put there by somebody since.
 * @throws TARGET_EXISTS
 */
export async function requireDoomed(component: PgBackRestComponent, context: StepContext): Promise<void> {
  const { data } = component;
  const noted = await recall(context, component, "doomed");
  if (noted === undefined || (await isEmpty(data))) return;
  const found = await controlFile(data);
  const same = isSame(found, noted);
  const rest = found === undefined && (await readdir(data)).every((name) => name === "global");
  if (same || rest) return;
  throw fail(
    "TARGET_EXISTS",
    `${data} is not the cluster any more that this run had begun to destroy`,
    "If somebody has put the cluster back by hand, abort: the run leaves it alone. Otherwise move it away and retry.",
  );
}
