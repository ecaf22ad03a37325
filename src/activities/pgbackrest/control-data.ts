import { fail } from "../../failures.ts";

export interface ControlData {
  systemIdentifier: string;
  /** "in production", "shut down", "in archive recovery" … */
  state: string;
  timeline: number;
  segmentBytes: number;
  /** Name of the WAL segment in which crash recovery would begin. */
  redoSegment: string;
}

const shapes = {
  "Database system identifier": /^\d{1,20}$/,
  "Database cluster state": /^[a-z ]+$/,
  "Latest checkpoint's TimeLineID": /^[1-9]\d{0,9}$/,
  "Bytes per WAL segment": /^[1-9]\d{5,9}$/,
  "Latest checkpoint's REDO WAL file": /^[0-9A-F]{24}$/,
};

/**
 * Reads what pg_controldata printed, with lc_messages=C.
 * @throws PROGRAM_FAILED when a value is missing or none: nothing may be made up here
 */
export function parseControlData(text: string): ControlData {
  const value = (key: keyof typeof shapes) => {
    const found = new RegExp(`^${key}:[ \\t]*(.*)$`, "m").exec(text)?.[1]?.trim() ?? "";
    if (shapes[key].test(found)) return found;
    throw fail(
      "PROGRAM_FAILED",
      `pg_controldata says ${JSON.stringify(found.slice(0, 60))} for "${key}"`,
      "Run pg_controldata by hand: its control file may be damaged.",
    );
  };
  const segmentBytes = Number(value("Bytes per WAL segment"));
  // PostgreSQL: a power of two from 1 MiB to 1 GiB.
  if (!Number.isInteger(Math.log2(segmentBytes)) || segmentBytes < 2 ** 20 || segmentBytes > 2 ** 30)
    throw fail("PROGRAM_FAILED", `pg_controldata says that a WAL segment has ${segmentBytes} bytes`);
  return {
    systemIdentifier: value("Database system identifier"),
    state: value("Database cluster state"),
    timeline: Number(value("Latest checkpoint's TimeLineID")),
    segmentBytes,
    redoSegment: value("Latest checkpoint's REDO WAL file"),
  };
}
