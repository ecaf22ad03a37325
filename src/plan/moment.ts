/** A moment as people write it, for `--to-time` and for the input of a run alike. Pure: workflows read it too. */

const shape = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d)(\.\d{1,6})?)?(Z|[+-]\d\d(?::?\d\d)?)$/;

export const momentHint = 'Write date, time and time zone: "2026-11-21T03:00:00Z" or "2026-11-21 03:00:00+01:00".';

/** ISO 8601 in UTC, to the microsecond; undefined when it is no moment with a time zone. */
export function parseMoment(text: string): string | undefined {
  const [, day, minute, second = "00", fraction = "", zone] = shape.exec(text.trim()) ?? [];
  if (day === undefined || zone === undefined) return undefined;
  const offset = zone === "Z" ? zone : `${zone.slice(0, 3)}:${zone.slice(3).replace(":", "") || "00"}`;
  const at = Date.parse(`${day}T${minute}:${second}${offset}`);
  // The 31st of February is a date to JavaScript, but not the one that was meant.
  if (Number.isNaN(at) || !new Date(`${day}T00:00:00Z`).toISOString().startsWith(day)) return undefined;
  const utc = new Date(at).toISOString();
  // At the ends of the calendar another time zone may lie in a year that has more digits.
  return utc.startsWith("+") || utc.startsWith("-") ? undefined : `${utc.slice(0, 19)}${fraction}Z`;
}

/**
 * The edge of a window: a moment, or a whole day in UTC, which a window begins or ends with. ISO 8601 in UTC; undefined
 * when it is neither. The end is the first moment that does not belong to the window.
 */
export function windowEdge(edge: "from" | "until", text: string): string | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(text.trim())) return parseMoment(text);
  const begin = parseMoment(`${text.trim()}T00:00Z`);
  if (begin === undefined || edge === "from") return begin;
  const next = new Date(Date.parse(begin) + 86_400_000).toISOString();
  return parseMoment(`${next.slice(0, 10)}T00:00Z`);
}
