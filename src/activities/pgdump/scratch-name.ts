import { sha256 } from "../postgres/sentinel.ts";

/** PostgreSQL cuts names silently at 63 bytes. */
const mostBytes = 63;

/**
 * A name with a suffix that is never cut off. Where the name has to be cut instead, a hash of it keeps it apart from
 * others that begin alike.
 */
export function nameWith(name: string, suffix: string): string {
  if (Buffer.byteLength(name + suffix) <= mostBytes) return name + suffix;
  const hash = `_${sha256(name).slice(0, 6)}`;
  const cut = Buffer.from(name).subarray(0, mostBytes - hash.length - suffix.length);
  // A character that was cut in the middle decodes to U+FFFD.
  return cut.toString("utf8").replace(/\uFFFD+$/, "") + hash + suffix;
}
