import { chmod, chown, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fail } from "../../failures.ts";
import type { PgBackRestComponent } from "../../plan/schema.ts";
import { runProgram } from "../exec.ts";
import { privateDirectory } from "../files.ts";
import { makePrivate } from "../run-directory.ts";
import type { StepContext } from "../step.ts";
import { ownerOf } from "./cluster.ts";

/** Where a cluster is restored beside the live one: below the run's directory, gone with the run. */
export function scratchData(component: PgBackRestComponent, context: StepContext): string {
  return join(context.directory, "scratch", component.name, "data");
}

/** Tablespaces of a scratch copy: never where those of the live cluster lie. */
export function scratchTablespaces(component: PgBackRestComponent, context: StepContext): string {
  return join(context.directory, "scratch", component.name, "tablespaces");
}

/**
 * Makes the scratch place and lets the server's user walk to it: our own directories above it may be entered, not
 * listed, by others; the files in them stay private.
 * @throws PERMISSION_DENIED when a directory above ours is closed
 */
export async function openWay(component: PgBackRestComponent, context: StepContext): Promise<void> {
  const { config, directory } = context;
  const place = join(directory, "scratch", component.name);
  await makePrivate(place);
  const owner = await ownerOf(component);
  await chown(place, owner.uid, owner.gid);
  if (owner.uid === process.getuid?.()) return;
  const walk = privateDirectory | 0o011;
  for (const ours of [config.state, dirname(directory), directory, join(directory, "scratch")]) await chmod(ours, walk);
  const { exitCode } = await runProgram({ argv: ["test", "-w", place], osUser: component.osUser });
  if (exitCode === 0) return;
  throw fail(
    "PERMISSION_DENIED",
    `user ${component.osUser} cannot reach ${place}`,
    "Let `state` of the worker's configuration lie in a directory that this user may enter, such as /var/lib/firedrill.",
  );
}

/** An empty directory of the server's owner. */
export async function makeData(path: string, component: PgBackRestComponent): Promise<void> {
  const owner = await ownerOf(component);
  await mkdir(path, { recursive: true, mode: privateDirectory });
  await chown(path, owner.uid, owner.gid);
}
