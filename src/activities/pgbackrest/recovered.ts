import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../../failures.ts";
import type { PgBackRestComponent } from "../../plan/schema.ts";
import { withClient } from "../postgres/client.ts";
import type { StepContext } from "../step.ts";
import { type Memory, recall, remember } from "./memory.ts";
import { type PrivateServer, privateConnection, readLog } from "./private-server.ts";
import { parseHistory, readRecoveryLog } from "./recovery-log.ts";
import { hex, parseLsn, parseSegment, startOf } from "./wal.ts";

type Recovered = Memory["recovered"];

/** Reads how far recovery got: the new timeline's history file says where it left the old one. */
export async function noteRecovered(
  server: PrivateServer,
  component: PgBackRestComponent,
  context: StepContext,
): Promise<Recovered> {
  const known = await recall(context, component, "recovered");
  if (known !== undefined) return known;
  const { timeline, nextXid } = await withClient(privateConnection(server, component), "template1", async (client) => {
    // The checkpoint that ends recovery may still be running: the timeline of new WAL is known at once.
    const { rows } = await client.query<{ timeline: string; nextXid: string }>(
      `select substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) as timeline, pg_snapshot_xmax(pg_current_snapshot())::text as "nextXid"`,
    );
    return { ...rows[0]!, timeline: Number.parseInt(rows[0]!.timeline, 16) };
  });
  const file = `${hex(timeline)}.history`;
  const text = await readFile(join(server.data, "pg_wal", file), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const history = parseHistory(text);
  if (history === undefined)
    throw fail(
      "UNDER_RECOVERED",
      `the restored server is on timeline ${timeline} without a history of it: it did not recover from the archive`,
      "Look for recovery.signal and restore_command, and into the log of pgbackrest restore.",
    );
  const { stoppedAt, lastTransactionAt } = readRecoveryLog(await readLog(server));
  const recovered = {
    timeline,
    parent: history.parent,
    position: history.switchLsn,
    nextXid,
    stoppedAt,
    lastTransactionAt,
  };
  await remember(context, component, "recovered", recovered);
  return recovered;
}

/**
 * PostgreSQL recovers as far as it can and says nothing when WAL is missing, so what it reached is compared with what
 * the archive had, and what the server had archived before it was lost.
 * @throws UNDER_RECOVERED
 */
export async function checkReached(
  component: PgBackRestComponent,
  plan: Memory["restore"],
  recovered: Recovered,
  segmentBytes: number,
  toTime: string | null,
  context: StepContext,
): Promise<void> {
  const wrong =
    toTime === null
      ? await missesArchive(component, plan, recovered, segmentBytes, context)
      : missesTime(recovered, toTime);
  if (wrong !== undefined) throw fail("UNDER_RECOVERED", wrong);
}

async function missesArchive(
  component: PgBackRestComponent,
  { required }: Memory["restore"],
  { parent, position }: Recovered,
  segmentBytes: number,
  context: StepContext,
): Promise<string | undefined> {
  const lastArchived = /^[0-9A-F]{24}/.exec((await recall(context, component, "loss"))?.lastArchived ?? "")?.[0];
  if (lastArchived !== undefined && required < lastArchived) {
    return `the server had archived ${lastArchived}, but the repository's newest WAL is ${required}`;
  }
  return reachesSegment(required, parent, position, segmentBytes);
}

/** Why a position is not in or behind the newest segment of the archive; undefined when it is. */
export function reachesSegment(
  required: string,
  timeline: number,
  position: string,
  segmentBytes: number,
): string | undefined {
  const segment = parseSegment(required, segmentBytes);
  if (segment.timeline !== timeline)
    return `recovery followed timeline ${timeline}, but the newest WAL of the repository is ${required}`;
  // At its very first byte nothing of it was read: recovery ended with the segment before.
  return parseLsn(position) > startOf(segment, segmentBytes)
    ? undefined
    : `recovery ended at ${position}, but the repository has WAL up to ${required}`;
}

/** With a target time recovery must have seen a later commit: only then nothing before it can be missing. */
export function missesTime(
  { stoppedAt, lastTransactionAt }: Pick<Recovered, "stoppedAt" | "lastTransactionAt">,
  toTime: string,
): string | undefined {
  if (stoppedAt === null)
    return `recovery ended at a last commit of ${lastTransactionAt ?? "unknown time"} and never reached ${toTime}`;
  if (!(Date.parse(stoppedAt) >= Date.parse(toTime))) return `recovery stopped at ${stoppedAt}, before ${toTime}`;
  return lastTransactionAt !== null && !(Date.parse(lastTransactionAt) <= Date.parse(toTime))
    ? `recovery went on to ${lastTransactionAt}, past ${toTime}`
    : undefined;
}
