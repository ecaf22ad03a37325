import { open } from "node:fs/promises";
import { join } from "node:path";
import { linesToAdd } from "../report/trail.ts";
import type { RunRecord } from "../report/record.ts";

export const trailFile = (directory: string) => join(directory, "trail.jsonl");

/** Directories to whose trail somebody writes just now: its lines are chained, so that only one may. */
const writing = new Map<string, Promise<void>>();

/** Writes what has happened since behind the trail of a run, and lets it reach the disk. */
export async function followTrail(record: RunRecord): Promise<void> {
  const { directory } = record;
  const turn = (writing.get(directory) ?? Promise.resolve()).then(async () => await write(record));
  const settled = turn.catch(() => undefined);
  writing.set(directory, settled);
  try {
    await turn;
  } finally {
    if (writing.get(directory) === settled) writing.delete(directory);
  }
}

async function write(record: RunRecord): Promise<void> {
  const file = await open(trailFile(record.directory), "a+", 0o600);
  try {
    const text = await file.readFile("utf8");
    // A crash has cut the last line short: nobody has relied on it.
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    if (whole.length < text.length) await file.truncate(Buffer.byteLength(whole));
    const more = linesToAdd(record, whole);
    if (more === "") return;
    await file.appendFile(more);
    await file.sync();
  } finally {
    await file.close();
  }
}
