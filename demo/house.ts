import { chmod, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killBelow } from "../lab/processes.ts";

/** The one temporary directory of a demo, and all that must be ended before it can go. */
export interface House {
  root: string;
  /** Aborted by Ctrl-C, SIGTERM, SIGHUP and an error that nobody caught. */
  signal: AbortSignal;
  /** Ends later, in reverse order. */
  atEnd(end: () => Promise<void>): void;
  /** Waits for something; throws the signal's reason as soon as it is aborted. */
  wait<T>(promise: Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** What `wait` throws after Ctrl-C. */
export const interrupted = Symbol("interrupted");

/** As root the directory lies in /tmp, where the server's own user can reach it. */
export async function openHouse(): Promise<House> {
  const parent = process.getuid?.() === 0 ? "/tmp" : await realpath(tmpdir());
  const root = await mkdtemp(join(parent, "fd-"));
  await chmod(root, 0o755);
  const ends: (() => Promise<void>)[] = [];
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => ending.abort(interrupted));
  // Not even a defect may leave servers behind.
  process.on("uncaughtException", (error) => ending.abort(error));
  const aborted = new Promise<never>((_, reject) => {
    ending.signal.addEventListener("abort", () => reject(ending.signal.reason));
  });
  // Nobody may be waiting at the moment of Ctrl-C.
  aborted.catch(() => undefined);
  return {
    root,
    signal: ending.signal,
    atEnd: (end) => void ends.push(end),
    wait: async (promise) => await Promise.race([aborted, promise]),
    close: async () => await closeHouse(root, ends),
  };
}

/** Goes on when one of the ends fails, so that nothing else stays behind; then throws all that failed. */
async function closeHouse(root: string, ends: (() => Promise<void>)[]): Promise<void> {
  const errors: unknown[] = [];
  const removeAll = async () => await rm(root, { recursive: true, force: true, maxRetries: 5 });
  for (const end of [...ends.toReversed(), () => killBelow(root), removeAll]) {
    try {
      await end();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, `could not remove all of ${root}`);
}
