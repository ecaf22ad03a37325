import parseDuration from "parse-duration";

export const durationShape = /^\s*(\d+(\.\d+)?\s*(ms|s|m|h|d|w)\s*)+$/;
export const sizeShape = /^\s*(\d+(?:\.\d+)?)\s*(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)\s*$/;
const bytesOf: Record<string, number> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** Whole milliseconds of "45m", "1h 30m" or "24h"; undefined when it is not a duration or too long to count. */
export function durationMs(text: string): number | undefined {
  if (!durationShape.test(text)) return undefined;
  return countable(parseDuration(text));
}

/** Whole bytes of "500 MB" (decimal) or "1GiB" (binary); undefined when it is not a size or too big to count. */
export function sizeBytes(text: string): number | undefined {
  const [, amount, unit] = sizeShape.exec(text) ?? [];
  return amount === undefined || unit === undefined ? undefined : countable(Number(amount) * bytesOf[unit]!);
}

function countable(value: number | null | undefined): number | undefined {
  const whole = Math.round(value ?? Number.NaN);
  return Number.isSafeInteger(whole) ? whole : undefined;
}
