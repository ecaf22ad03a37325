/** How GitOps is asked again for what has failed: a few times, each after a longer pause. */
export interface Again {
  firstMs: number;
  lastMs: number;
  /** So often it is asked for again. */
  most: number;
}

export const usualAgain: Again = { firstMs: 5_000, lastMs: 60_000, most: 5 };

/** @param failures so far, from 1 */
export function pauseAfter(failures: number, { firstMs, lastMs }: Again): number {
  return Math.min(firstMs * 2 ** (failures - 1), lastMs);
}
