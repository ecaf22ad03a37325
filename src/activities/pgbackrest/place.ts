import { chown, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describeFailure, fail } from "../../failures.ts";
import type { PgBackRestComponent } from "../../plan/schema.ts";
import { writeAtomically } from "../files.ts";
import { forgetLeftover } from "../leftovers.ts";
import { withClient } from "../postgres/client.ts";
import { findSentinel, isRemoved, noteForeignSentinels, sha256 } from "../postgres/sentinel.ts";
import { inspectServer } from "../postgres/server.ts";
import type { StepContext } from "../step.ts";
import type { Restored, Verification } from "../verbs.ts";
import { backrest, backrestFailure } from "./client.ts";
import { controlData, isRunning, ownerOf, startLive, stopCluster } from "./cluster.ts";
import { mustRecall } from "./memory.ts";
import { privateServer } from "./private-server.ts";
import { readInfo } from "./info.ts";
import { listSegments } from "./repository.ts";
import { hex, parseLsn, segmentName } from "./wal.ts";

const startMs = 120_000;

/** Makes the verified cluster the real one: archives again, can be reached again, holds the sentinel. */
export async function placePgBackRest(
  { component, restored }: { component: PgBackRestComponent; restored: Restored },
  context: StepContext,
): Promise<Verification> {
  const { bin, systemIdentifier } = await mustRecall(context, component, "cluster");
  const { data, osUser } = component;
  const server = privateServer(component, context, bin, data);
  const isPrivate =
    (await isRunning(bin, data, osUser)) &&
    (await readFile(join(data, "postmaster.pid"), "utf8")).includes(server.directory);
  if (isPrivate) {
    context.progress("stopping the private server");
    await stopCluster(bin, data, "fast", osUser);
  }
  if (!(await isRunning(bin, data, osUser))) await archiveAgain(bin, component);
  // What runs there from now on is the real server, which no cleanup may stop.
  await forgetLeftover(context.directory, `postmaster.${component.name}`);
  context.progress("starting the server");
  await startLive(bin, component);
  await waitForServer(component, context);
  await noteForeignSentinels(context, component.name, component.connection, component.database);
  await forgetLeftover(context.directory, `restored.${component.name}`);
  await rm(server.directory, { recursive: true, force: true });
  await forgetLeftover(context.directory, `private.${component.name}`);
  const found = await lookAgain(component, systemIdentifier, context);
  context.progress("archiving a WAL segment");
  const check = await backrest(component, "check", [], 300_000);
  if (check.exitCode !== 0)
    throw fail(
      "PROGRAM_FAILED",
      `the server is back, but it does not archive: ${backrestFailure("check", check).message}`,
      "Mend archive_mode and archive_command; then retry.",
    );
  await timelineArchived(component, restored, context);
  const { expected, seen, ok } = found;
  const record = {
    name: "place",
    title: "In its place",
    proven: true,
    passed: ok,
    exact: true,
    negativeControl: null,
    expected: `${expected}, archiving works`,
    found: `${seen}, archiving works`,
  };
  const note = `server answers on ${component.connection.host}:${component.connection.port} and archives`;
  const verification = { checks: [record], newestRecoveredAt: null, verifiedAt: new Date().toISOString(), note };
  if (ok) return verification;
  throw fail("CHECKS_FAILED", `the server in its place is not the one that was verified: ${seen}`, undefined, {
    verification,
  });
}

/**
 * Takes back the `archive_mode = 'off'` that the restore wrote, and offers to the archiver what it missed: the history of
 * the new timeline, without which no later recovery would find it, and WAL that was filled meanwhile.
 */
async function archiveAgain(bin: string, component: PgBackRestComponent): Promise<void> {
  const { data, osUser } = component;
  const file = join(data, "postgresql.auto.conf");
  const owner = await ownerOf(component);
  const { mode } = await stat(file);
  const text = await readFile(file, "utf8");
  const mended = withoutDrillSettings(text);
  // The server must be able to read it, whenever the worker dies.
  if (mended !== text) await writeAtomically(file, mended, mode & 0o777, owner);
  const control = await controlData(bin, data, osUser);
  if (control === undefined) throw fail("RECOVERY_FAILED", `${data} holds no cluster`);
  const status = join(data, "pg_wal", "archive_status");
  const known = new Set(await readdir(status));
  for (const name of unarchived(await readdir(join(data, "pg_wal")), control.timeline, control.redoSegment)) {
    if (known.has(`${name}.done`) || known.has(`${name}.ready`)) continue;
    await writeFile(join(status, `${name}.ready`), "", { mode: 0o600 });
    await chown(join(status, `${name}.ready`), owner.uid, owner.gid);
  }
}

/**
 * The segment in which the new timeline begins must come into the repository: without it no later recovery gets past
 * this drill, although `check` is content.
 * @throws UNDER_RECOVERED
 */
async function timelineArchived(
  component: PgBackRestComponent,
  restored: Restored,
  context: StepContext,
): Promise<void> {
  const { segmentBytes } = await mustRecall(context, component, "cluster");
  const { timeline, position } = await mustRecall(context, component, "recovered");
  const first = segmentName({ timeline, number: parseLsn(position) / BigInt(segmentBytes) }, segmentBytes);
  const stanza = await readInfo(component);
  const backup = stanza.backup.find(({ label }) => label === restored.backup.id);
  if (backup === undefined) throw fail("NO_BACKUP", `backup ${restored.backup.id} is gone from the repository`);
  for (const until = Date.now() + startMs; ; await sleep(500)) {
    context.signal.throwIfAborted();
    if ((await listSegments(component, stanza, backup)).includes(first)) return;
    if (Date.now() > until)
      throw fail(
        "UNDER_RECOVERED",
        `WAL segment ${first}, in which the new timeline begins, does not come into the repository`,
        "Make a new full backup at once: older ones cannot be recovered past this moment.",
      );
  }
}

/**
 * Removes `archive_mode = 'off'` and the recovery target from below the last heading of pgBackRest in
 * postgresql.auto.conf; an archive_mode that was set there before the backup stays.
 */
export function withoutDrillSettings(text: string): string {
  const heading = text.lastIndexOf("# Recovery settings generated by pgBackRest");
  if (heading < 0) return text;
  return (
    text.slice(0, heading) + text.slice(heading).replaceAll(/^(?:archive_mode = 'off'|recovery_target\w* = .*)\n/gm, "")
  );
}

/** Files in pg_wal of a timeline that are complete: its history, and segments before the one that is written now. */
export function unarchived(names: string[], timeline: number, current: string): string[] {
  const prefix = hex(timeline);
  return names.filter(
    (name) =>
      name === `${prefix}.history` || (/^[0-9A-F]{24}$/.test(name) && name.startsWith(prefix) && name < current),
  );
}

/** A start command may return before the server takes connections. */
async function waitForServer({ connection, database }: PgBackRestComponent, context: StepContext): Promise<void> {
  for (const until = Date.now() + startMs; ; await sleep(200)) {
    context.signal.throwIfAborted();
    try {
      return await withClient(connection, database, async (client) => void (await client.query("select 1")));
    } catch (error) {
      if (describeFailure(error).type !== "SYSTEM_UNREACHABLE" || Date.now() > until) throw error;
    }
  }
}

async function lookAgain(
  { connection, database }: PgBackRestComponent,
  systemIdentifier: string,
  context: StepContext,
): Promise<{ expected: string; seen: string; ok: boolean }> {
  return await withClient(connection, database, async (client) => {
    const server = await inspectServer(client);
    const sentinel = context.run.type === "exercise" ? sha256(context.run.nonce) : null;
    const found = sentinel === null ? null : (await findSentinel(client, context.run.id)).nonceSha256;
    const has = found === sentinel || isRemoved(context.run, found);
    const ok = server.systemIdentifier === systemIdentifier && has && !server.inRecovery;
    const with_ = sentinel === null ? "" : " with the sentinel";
    return {
      ok,
      expected: `cluster ${systemIdentifier}${with_}`,
      seen: `cluster ${server.systemIdentifier}${has ? with_ : " without the sentinel"}${server.inRecovery ? ", in recovery" : ""}`,
    };
  });
}
