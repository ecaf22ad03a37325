/**
 * Whether the Temporal server knows a time zone by this name. It takes the names of the IANA as they are written, where
 * JavaScript also takes offsets and any case.
 */
export function isTimeZone(name: string): boolean {
  if (name === "UTC") return true;
  // Short names such as CET mean different things to different programs.
  if (!/^[A-Z][\w+-]*(\/[A-Z][\w+-]*)+$/.test(name)) return false;
  try {
    const known = new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
    // What was renamed is known by its other name.
    return known === name || known.toLowerCase() !== name.toLowerCase();
  } catch {
    return false;
  }
}
