/** One measured number, with what it should be. */
export interface Figure {
  /** The same in every run, for the comparison with earlier ones. */
  id: string;
  what: string;
  value: number;
  unit: "%" | "s" | "ms" | "MiB" | "MiB/s" | "KiB" | "times" | "events" | "requests";
  aim?: { most: number } | { least: number };
  /** Its aim is a promise: the benchmark fails where it is missed. */
  promised?: true;
  /** What the number was made of, or why it is not what it should be. */
  note?: string;
}

export function median(values: number[]): number {
  return quantile(values, 0.5);
}

/** @param share 0.99 for the value that 99 % do not exceed; between two values a weighted mean of them */
export function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  if (low === undefined || high === undefined) throw new Error("there is no quantile of nothing");
  return low + (high - low) * (at - Math.floor(at));
}

/** Undefined where a figure has no aim. */
export function isMet({ value, aim }: Figure): boolean | undefined {
  if (aim === undefined) return undefined;
  return "most" in aim ? value <= aim.most : value >= aim.least;
}

/** "3.4 s", "12.0 %", "141 MiB". */
export function show(value: number, unit: Figure["unit"]): string {
  const digits = Math.abs(value) >= 100 || unit === "ms" || unit === "requests" ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${unit}`;
}

/** "4.1 to 4.9 s": how far single measurements lay apart. */
export function spread(values: number[], unit: Figure["unit"]): string {
  return `${values.length} runs, ${show(Math.min(...values), unit)} to ${show(Math.max(...values), unit)}`;
}
