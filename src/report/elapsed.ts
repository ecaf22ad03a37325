/** Seconds from one ISO time to another; negative when the other lies before it. */
export function secondsBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1_000;
}
