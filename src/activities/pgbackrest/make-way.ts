import { lstat, readFile, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fail } from "../../failures.ts";
import type { PgBackRestComponent } from "../../plan/schema.ts";
import { exists } from "../files.ts";
import { requireClear } from "../guard.ts";
import { listLeftovers, noteLeftover } from "../leftovers.ts";
import type { StepContext } from "../step.ts";
import { controlData, isEmpty, stopLive } from "./cluster.ts";
import { controlFile, isSame } from "./doomed.ts";
import { inspectPgBackRest } from "./inspect.ts";
import { mustRecall, recall } from "./memory.ts";
import { privateServer } from "./private-server.ts";

/** Nothing is deleted in a real loss: what is in the way is moved beside it, if the worker may destroy it at all. */
export async function moveAside(component: PgBackRestComponent, context: StepContext): Promise<string | null> {
  const { data } = component;
  const aside = `${data}.before-${context.run.short}`;
  const { bin, systemIdentifier } = await mustRecall(context, component, "cluster");
  if (await isEmpty(data)) return (await exists(aside)) ? aside : null;
  if (await exists(aside))
    throw fail(
      "TARGET_EXISTS",
      `${aside} exists already, and ${data} is not empty again`,
      "Move one of them away; then retry.",
    );
  const control = await controlData(bin, data, component.osUser);
  if (control !== undefined && control.systemIdentifier !== systemIdentifier) {
    throw fail(
      "IDENTITY_CHANGED",
      `${data} holds cluster ${control.systemIdentifier}, but ${systemIdentifier} was inspected`,
    );
  }
  const noted = await listLeftovers(context.directory);
  // An attempt that died while it stopped the server has asked already, and nobody answers any more.
  if (!noted.some(({ key }) => key === `before.${component.name}`))
    await requireClear((await inspectPgBackRest({ component, toTime: null }, context)).facts, null, context);
  const [at, above] = await Promise.all([lstat(data), stat(dirname(data))]);
  if (at.isSymbolicLink() || at.dev !== above.dev) {
    throw fail(
      "TARGET_EXISTS",
      `${data} is ${at.isSymbolicLink() ? "a link" : "a mount point"} and not empty, so it cannot be moved aside as a whole`,
      "Move what is in it away by hand; then retry.",
    );
  }
  await noteLeftover(context.directory, `before.${component.name}`, {
    kind: "path",
    path: aside,
    keep: `it holds what was in ${data} before the restore: delete it when you are sure`,
  });
  await stopLive(bin, component);
  // The whole directory, in one step: after a crash it is in one place or in the other.
  await rename(data, aside);
  return aside;
}

/** Whether it is the very directory that this run restored into, with the very cluster that it restored. */
export async function isOwn(component: PgBackRestComponent, data: string, context: StepContext): Promise<boolean> {
  const own = await recall(context, component, "own");
  if (own === undefined || !(await exists(data))) return false;
  const { ino, dev } = await stat(data);
  const control = await controlFile(data);
  // pgBackRest writes pg_control last: before the end of its restore there is none but somebody else's.
  const sameCluster = control === undefined || (own.control !== null && isSame(control, own.control));
  return own.ino === ino && own.dev === dev && sameCluster;
}

/**
 * A person who waits at a failed restore may roll back by hand: what is in the directory then is no longer ours.
 * @throws TARGET_EXISTS unless it is empty, or the directory that an earlier try filled and nobody else uses
 */
export async function requireOwn(
  component: PgBackRestComponent,
  data: string,
  bin: string,
  context: StepContext,
): Promise<void> {
  if (await isEmpty(data)) return;
  const pidFile = join(data, "postmaster.pid");
  const server = (await exists(pidFile)) ? await readFile(pidFile, "utf8") : "";
  const ours = server === "" || server.includes(privateServer(component, context, bin, data).directory);
  if (ours && (await isOwn(component, data, context))) return;
  throw fail(
    "TARGET_EXISTS",
    `${data} is not what this run restored there before`,
    "If somebody has put the cluster back by hand, abort: the run leaves it alone. Otherwise move it away and retry.",
  );
}
