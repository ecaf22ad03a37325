import prettyBytes from "pretty-bytes";
import prettyMilliseconds from "pretty-ms";

/** A duration in seconds as people say it, in two units at most: "40ms", "0.4s", "12s", "1m 12s", "3h 5m". */
export function seconds(n: number): string {
  if (Math.abs(n) < 0.1) return Math.round(n * 1000) === 0 ? "0s" : `${Math.round(n * 1000)}ms`;
  if (Math.abs(n) < 10) return `${Number(n.toFixed(1))}s`;
  // Only in a record that was edited: more milliseconds than can be counted.
  if (!Number.isSafeInteger(Math.round(n) * 1000)) return `${n.toPrecision(3)}s`;
  return prettyMilliseconds(Math.round(n) * 1000, { unitCount: 2 });
}

/** A size in decimal units: "104 MB". */
export function bytes(n: number): string {
  return prettyBytes(n);
}

/** An ISO 8601 time as "2026-11-21 03:12:45 UTC". Throws RangeError when it is not a time. */
export function time(iso: string): string {
  return `${new Date(iso).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
