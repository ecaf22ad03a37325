/** FIREDRILL_FUZZ=20 tries twenty times as much as `npm test` does. A failure prints its seed: keep what it found as an example. */
const factor = Number(process.env["FIREDRILL_FUZZ"] ?? 1);

/** @param usual how often `npm test` tries a property */
export const runs = (usual: number) => ({ numRuns: Math.max(1, Math.ceil(usual * factor)) });

/** Time enough for a property that is tried more often. */
export const timeout = Math.max(30_000, 30_000 * factor);
