import { dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import prettyBytes from "pretty-bytes";
import { type Config, loadConfig } from "../../config.ts";
import { assertWritable, exists, freeBytes } from "../files.ts";
import { find, type Finding, type Seen } from "./finding.ts";

/** So much is little for the reports, and the logs and fingerprints, of the runs to come. */
const littleBytes = 256 * 1024 * 1024;

/** Whether files can be written to a directory that a run would make where it is missing; leaves nothing behind. */
export async function lookAtDirectory(directory: string): Promise<Seen> {
  const there = await nearestThere(directory);
  await assertWritable(there);
  const free = await freeBytes(there);
  const message = `${directory}, ${prettyBytes(free, { binary: true })} free`;
  return free < littleBytes ? { message, hint: "Free space there before a run stops in the middle." } : message;
}

async function nearestThere(path: string): Promise<string> {
  return (await exists(path)) || dirname(path) === path ? path : await nearestThere(dirname(path));
}

/** The worker's own things: its configuration, as the file says it now, and its directories. */
export async function lookAtHost(config: Config): Promise<Finding[]> {
  return await Promise.all([
    find("worker", "configuration", () => compare(config)),
    find("worker", "records", () => lookAtDirectory(config.records)),
    find("worker", "state", () => lookAtDirectory(config.state)),
  ]);
}

/** Who has edited the file wants it to count. @throws CONFIG_INVALID */
function compare(config: Config): Seen {
  const { length } = config.mayDestroy;
  if (!isDeepStrictEqual(loadConfig(), config))
    return {
      message: "its file was changed since the worker has read it",
      hint: "Restart the worker, so that the change counts: open runs go on.",
    };
  return length === 0
    ? "nothing may be destroyed"
    : `${length} ${length === 1 ? "target" : "targets"} may be destroyed`;
}
