import { randomBytes } from "node:crypto";
import { link, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Config } from "../config.ts";
import { exists, writeAtomically } from "./files.ts";

/**
 * The task queue that only the workers of this state directory poll: run directories and long programs belong to it.
 * Its name is made once and kept there, because a host may change its name while a run waits for a person.
 */
export async function hostQueue(config: Config): Promise<string> {
  const path = join(config.state, "host-queue");
  if (!(await exists(path))) {
    const mine = `${path}.${randomBytes(4).toString("hex")}`;
    await writeAtomically(mine, `${config.taskQueue}@${hostname()}-${randomBytes(4).toString("hex")}`);
    // Of two workers that start at once, one makes the name and both use it.
    await link(mine, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
    await rm(mine);
  }
  return readFile(path, "utf8");
}

/** By which the server, its UI and histories know a worker; it says where the host's own queue is. */
export function workerIdentity(queue: string): string {
  return `${process.pid}@${queue}`;
}

/** The host's own queue by a worker's identity; undefined for a worker that is not ours, or of an earlier version. */
export function hostOfIdentity(identity: string): string | undefined {
  return /^\d+@(.+@.+)$/s.exec(identity)?.[1];
}
