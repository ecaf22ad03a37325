import { join } from "node:path";
import { describeFailure, fail } from "../../failures.ts";
import type { PgDumpComponent } from "../../plan/schema.ts";
import type { BackupRecord } from "../../report/record.ts";
import { conclude } from "../conclude.ts";
import { readJson } from "../files.ts";
import { type Client, connect, withClient } from "../postgres/client.ts";
import { type Expectation, failAll, runChecks } from "../postgres/checks.ts";
import type { Fingerprint } from "../postgres/fingerprint.ts";
import { sha256, stopHeartbeat } from "../postgres/sentinel.ts";
import { serverNow } from "../postgres/server.ts";
import type { StepContext } from "../step.ts";
import type { Control, Restored, RunRef, Verification } from "../verbs.ts";
import { newestBackup } from "./choose.ts";
import { fingerprintFile, readManifest, setDirectory } from "./sets.ts";
import { scratchName } from "./restore.ts";

/** Connections that read tables in parallel. */
const readers = 2;

/** What a database restored from this backup must hold. A plain dump by somebody else says nothing of that. */
export async function expectation(
  component: PgDumpComponent,
  backup: BackupRecord | null,
  run: RunRef,
): Promise<Expectation> {
  if (backup === null || backup.sha256 === null) return { sentinel: null, fingerprint: null, sequenceSlack: 0 };
  const manifest = await readManifest(component, backup.id);
  if (manifest.sha256 !== backup.sha256)
    throw fail("BACKUP_NOT_VERIFIED", `${backup.location} is not the dump that was restored`);
  const fingerprint = await readJson<Fingerprint>(join(setDirectory(component, backup.id), fingerprintFile));
  if (fingerprint === undefined)
    throw fail("BACKUP_NOT_VERIFIED", `${fingerprintFile} is missing from the dump ${backup.location}`);
  // An exercise looks for its own nonce, whatever the manifest says.
  const sentinel = run.type === "exercise" ? { run: run.id, sha256: sha256(run.nonce) } : manifest.sentinel;
  const altered = new Set(fingerprint.altered);
  return {
    sentinel,
    fingerprint,
    sequenceSlack: 0,
    explainTable: (table) => (altered.has(table) ? "altered while it was dumped" : undefined),
  };
}

export async function check(component: PgDumpComponent, database: string, expected: Expectation, context: StepContext) {
  const clients: Client[] = [];
  try {
    for (let n = 0; n < readers; n += 1) clients.push(await connect(component.connection, database));
    return await runChecks(clients as [Client, ...Client[]], expected, context.progress);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

/**
 * Asks the checks of `verify` while the data is lost: of the database itself after it was destroyed, otherwise of the
 * scratch place before anything is restored there. A check that passes now proves nothing later.
 */
export async function controlPgDump(
  { component, backup, toTime }: { component: PgDumpComponent; backup: BackupRecord | null; toTime: string | null },
  context: StepContext,
): Promise<Control> {
  const { run } = context;
  const destroyed = run.type === "exercise" && run.scenario === "database";
  const place = destroyed ? component.database : scratchName(component, run);
  const expected = await expectation(
    component,
    backup ?? (run.type === "restore" ? await newest(component, toTime, run.plan) : null),
    run,
  );
  const lostAt = run.type === "exercise" && !destroyed ? await assumeLoss(component, context) : null;
  try {
    const { checks } = await check(component, place, expected, context);
    const passed = checks.filter((one) => one.passed).length;
    return { checks, lostAt, note: `${passed} of ${checks.length} checks pass in ${place}, which should be gone` };
  } catch (error) {
    const { type, message } = describeFailure(error);
    if (type !== "DATABASE_MISSING") throw error;
    const checks = failAll(expected, message);
    return { checks, lostAt, note: `all ${checks.length} checks fail: ${message}` };
  }
}

export async function newest(
  component: PgDumpComponent,
  toTime: string | null,
  plan: string,
): Promise<BackupRecord | null> {
  const source = await newestBackup(component, toTime, plan);
  return source.kind === "plain"
    ? null
    : { id: source.id, completedAt: source.takenAt, bytes: 0, location: "", sha256: source.manifest.sha256 };
}

/** Beside a live database nothing is lost; what is written from now on counts as if it were. */
async function assumeLoss(component: PgDumpComponent, context: StepContext): Promise<string> {
  await stopHeartbeat(context, component.name);
  return withClient(component.connection, component.maintenanceDatabase, serverNow);
}

interface Input {
  component: PgDumpComponent;
  restored: Restored;
}

/** @throws CHECKS_FAILED, when the data is lost otherwise: a person decides whether it goes into place */
export async function verifyPgDump({ component, restored }: Input, context: StepContext): Promise<Verification> {
  const expected = await expectation(component, restored.backup, context.run);
  const { checks, newestRecoveredAt } = await check(component, restored.place, expected, context);
  const verification = {
    checks,
    newestRecoveredAt: newestRecoveredAt ?? (await takenAt(component, restored.backup)),
    // By the same clock as the loss.
    verifiedAt: await withClient(component.connection, restored.place, serverNow),
  };
  return conclude(component.name, verification, context);
}

/** The data is as old as the snapshot, not as the end of the dump. */
async function takenAt(component: PgDumpComponent, backup: BackupRecord): Promise<string> {
  return backup.sha256 === null ? backup.completedAt : (await readManifest(component, backup.id)).takenAt;
}
