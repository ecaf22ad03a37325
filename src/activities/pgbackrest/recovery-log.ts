/** What the log of a recovering server says. Messages: PostgreSQL, xlogrecovery.c, with lc_messages=C and timezone=UTC. */
export interface RecoveryLog {
  /** Commit time of the transaction before which recovery stopped on purpose; ISO 8601 in UTC. */
  stoppedAt: string | null;
  /** Commit time of the last transaction that was recovered. */
  lastTransactionAt: string | null;
  /** The message that ended the server. */
  fatal: string | null;
}

const time = String.raw`(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(?:\+00| UTC)`;

export function readRecoveryLog(text: string): RecoveryLog {
  const moment = (pattern: string) => {
    const last = [...text.matchAll(new RegExp(pattern + time, "g"))].at(-1);
    const moment = `${last?.[1]}T${last?.[2]}Z`;
    return Number.isNaN(Date.parse(moment)) ? null : moment;
  };
  return {
    stoppedAt: moment(String.raw`recovery stopping (?:before|after) (?:commit|abort) of transaction \d+, time `),
    lastTransactionAt: moment("last completed transaction was at log time "),
    fatal:
      [...text.matchAll(/(?:FATAL|PANIC): {1,2}(.*)/g)]
        .map((found) => found[1]!)
        .filter((message) => !/the database system is/.test(message))
        .at(-1) ?? null,
  };
}

const hints: [RegExp, string][] = [
  [
    /recovery ended before configured recovery target was reached/,
    "The archive holds no commit after that time: choose an earlier --to-time, or restore to the latest moment.",
  ],
  [
    /recovery stop point is before consistent recovery point/,
    "The time lies before the end of the backup: choose a later --to-time.",
  ],
  [
    /could not locate (?:required|a valid) checkpoint record/,
    "The WAL of the backup itself cannot be fetched: look for archive-get in the log.",
  ],
  [/recovery target timeline \d+ does not exist/, "The history file of that timeline is not in the repository."],
  [
    /insufficient parameter settings|max_connections|max_worker_processes/,
    "The configuration allows less than the server had: raise the setting; then retry.",
  ],
  [
    /could not access file|could not load library/,
    "An extension's library is missing on this host: install it; then retry.",
  ],
  [
    /could not map anonymous shared memory|Cannot allocate memory/,
    "There is too little memory for a second server: free some; then retry.",
  ],
];

/** What to do about the message that ended a recovering server. */
export function recoveryHint(fatal: string): string | undefined {
  return hints.find(([pattern]) => pattern.test(fatal))?.[1];
}

/**
 * The line of the timeline that recovery left, from the history file of the new timeline.
 * Format: "<parent timeline>\t<position>\t<reason>", the newest line last.
 */
export function parseHistory(text: string): { parent: number; switchLsn: string } | undefined {
  const lines = text.split("\n").filter((line) => /^\d+\s/.test(line));
  const [, parent = "", switchLsn = ""] =
    /^(\d{1,10})\s+([0-9A-F]{1,8}\/[0-9A-F]{1,8})(?:\s|$)/.exec(lines.at(-1) ?? "") ?? [];
  return parent === "" ? undefined : { parent: Number(parent), switchLsn };
}
