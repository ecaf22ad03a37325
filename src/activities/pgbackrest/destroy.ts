import { readdir, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { describeFailure, fail } from "../../failures.ts";
import type { PgBackRestComponent } from "../../plan/schema.ts";
import { syncPath } from "../files.ts";
import { noteLeftover } from "../leftovers.ts";
import { requireClear } from "../guard.ts";
import { type Client, withClient } from "../postgres/client.ts";
import { stopHeartbeat } from "../postgres/sentinel.ts";
import { serverNow } from "../postgres/server.ts";
import type { StepContext } from "../step.ts";
import type { Inspection, Loss, Proof } from "../verbs.ts";
import { controlData, isEmpty, isRunning, stopLive } from "./cluster.ts";
import { readAtLoss } from "./cluster-state.ts";
import { rememberDoomed, requireDoomed } from "./doomed.ts";
import { checkIdentity, isListed } from "./identity.ts";
import { inspectPgBackRest } from "./inspect.ts";
import { type Memory, mustRecall, recall, remember } from "./memory.ts";
import { requireNoServer } from "./processes.ts";
import { requireReliable } from "./relied-on.ts";
import { settle } from "./settle.ts";

type Input = { component: PgBackRestComponent; inspection: Inspection; proof: Proof };

/**
 * Stops the server and empties its data directory. Every guard is asked again here, against the live server; what it
 * said last is written down before it is touched, so that an attempt after a crash goes on and reports the same moment.
 */
export async function destroyPgBackRest({ component, inspection, proof }: Input, context: StepContext): Promise<Loss> {
  const { data, osUser } = component;
  const { bin } = await mustRecall(context, component, "cluster");
  await checkLeave(component, inspection, proof, context);
  const noted = await recall(context, component, "loss");
  if (noted !== undefined) await requireDoomed(component, context);
  // As long as it runs it may be written to: what was noted before holds only of a server that is down, or going down,
  // since then.
  const holds = noted !== undefined && !(await isRunning(bin, data, osUser));
  const look = () => lastLook(component, inspection, proof, context);
  const loss = holds
    ? noted
    : await look().catch((error: unknown) => {
        if (noted !== undefined && /shutting down/.test(describeFailure(error).message)) return noted;
        throw error;
      });
  await requireCluster(component, bin, loss.systemIdentifier);
  await noteLeftover(context.directory, `restored.${component.name}`, {
    kind: "path",
    path: data,
    keep: `this run emptied it and has not restored it; backup ${proof.backupId} of stanza ${component.stanza} has its data`,
  });
  context.progress("stopping the server");
  await stopLive(bin, component);
  // One that a service manager starts again would go on in the directory, and in what is restored there.
  await requireNoServer(data);
  context.progress("removing the data directory's content");
  await emptyData(data, context.signal);
  await requireNoServer(data);
  return { lostAt: loss.lostAt, note: loss.note };
}

/** Asked anew in each attempt: the worker's configuration may have been changed since. */
async function checkLeave(
  component: PgBackRestComponent,
  { facts, target }: Inspection,
  proof: Proof,
  context: StepContext,
): Promise<void> {
  if (!isListed(component, facts.identity, context)) {
    throw fail("REFUSED", `the worker's configuration does not list ${target}`, `Add to mayDestroy: ${facts.listLine}`);
  }
  const known = await recall(context, component, "backup");
  if (proof.backupId !== "" && proof.backupId === known?.label) return;
  throw fail("BACKUP_NOT_VERIFIED", `no backup of ${target} was verified in this run`);
}

/** The plan's directory may hold another cluster by now, whatever answers on its port. @throws IDENTITY_CHANGED */
async function requireCluster({ data, osUser }: PgBackRestComponent, bin: string, expected: string): Promise<void> {
  const control = await controlData(bin, data, osUser);
  if (control === undefined || control.systemIdentifier === expected) return;
  throw fail(
    "IDENTITY_CHANGED",
    `${data} holds cluster ${control.systemIdentifier} now, but ${expected} was inspected`,
  );
}

async function lastLook(
  component: PgBackRestComponent,
  inspection: Inspection,
  proof: Proof,
  context: StepContext,
): Promise<Memory["loss"]> {
  if (await isEmpty(component.data)) throw fail("TARGET_GONE", `there is nothing in ${component.data} any more`);
  const { bin } = await mustRecall(context, component, "cluster");
  await requireCluster(component, bin, inspection.facts.identity);
  return await withClient(component.connection, component.database, async (client) => {
    const server = await checkIdentity(client, component, inspection.facts.identity);
    await requireClear((await inspectPgBackRest({ component, toTime: null }, context)).facts, proof, context);
    await requireArchived(client, component, proof, context);
    await rememberDoomed(component, context);
    return await noteLoss(client, component, context, server.systemIdentifier, true);
  });
}

/**
 * Much may have happened since the proof: another job's expire, WAL that does not arrive any more. What was written since
 * then would be lost for good.
 * @throws BACKUP_NOT_VERIFIED
 */
async function requireArchived(
  client: Client,
  component: PgBackRestComponent,
  proof: Proof,
  context: StepContext,
): Promise<void> {
  const { archivedSegment } = await mustRecall(context, component, "backup");
  const { rows } = await client.query<{ last: string | null; failed: string | null }>(`
    select substring(last_archived_wal from '^[0-9A-F]{24}') as last,
           case when last_failed_time > coalesce(last_archived_time, '-infinity') then last_failed_wal end as failed
    from pg_stat_archiver`);
  const { last = null, failed = null } = rows[0] ?? {};
  if (failed !== null)
    throw fail(
      "BACKUP_NOT_VERIFIED",
      `archive_command fails for ${failed}: what was written since the backup would be lost`,
      "Read archive_command's error in the server's log and mend it; then retry.",
    );
  await requireReliable(component, proof.backupId, last ?? archivedSegment, context);
}

/**
 * Reads what is needed of a cluster that is about to be lost, or to count as lost, and writes it down.
 * @param stops the server is stopped next, so that its sessions may be ended now
 */
export async function noteLoss(
  client: Client,
  component: PgBackRestComponent,
  context: StepContext,
  systemIdentifier: string,
  stops: boolean,
): Promise<Memory["loss"]> {
  const acknowledged = await stopHeartbeat(context, component.name);
  const state = await readAtLoss(component, await settle(client, stops));
  const { rows } = await client.query<{ last: string | null }>(
    "select last_archived_wal as last from pg_stat_archiver",
  );
  const loss = {
    lostAt: await serverNow(client),
    note: `${stops ? "stopped at once and emptied" : "left running"}; the last of ${acknowledged?.n ?? 0} heartbeats was acknowledged at ${acknowledged?.at ?? "no time"}, the last archived WAL is ${rows[0]?.last ?? "none"}`,
    systemIdentifier,
    lastArchived: rows[0]?.last ?? "",
    acknowledged: acknowledged?.n ?? 0,
    state,
  };
  await remember(context, component, "loss", loss);
  return loss;
}

/** Removes all that is in a data directory; the directory, which may be a mount point, stays. pg_control goes last. */
export async function emptyData(data: string, signal: AbortSignal): Promise<void> {
  if (await isEmpty(data)) return;
  const directory = await realpath(data);
  const entries = (await readdir(directory)).filter((name) => name !== "global");
  for (const name of [...entries, "global"]) {
    // Whoever is told to stop has no turn any more: the next attempt may be restoring here already.
    signal.throwIfAborted();
    await rm(join(directory, name), { recursive: true, force: true });
  }
  await syncPath(directory);
}
