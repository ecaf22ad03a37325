import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../../failures.ts";
import type { PgBackRestComponent } from "../../plan/schema.ts";
import { noteLeftover } from "../leftovers.ts";
import type { StepContext } from "../step.ts";
import type { Backup, Restored } from "../verbs.ts";
import { backrestLong, backrestLongFailure, wordsOf } from "./client.ts";
import { controlData, isEmpty, stopCluster } from "./cluster.ts";
import { emptyData } from "./destroy.ts";
import { controlFile } from "./doomed.ts";
import { type BackupInfo, newestGood, readInfo, type Stanza, toRecord } from "./info.ts";
import { moveAside, requireOwn } from "./make-way.ts";
import { forget, type Memory, mustRecall, recall, remember } from "./memory.ts";
import { privateServer, startPrivate } from "./private-server.ts";
import { checkReached, noteRecovered } from "./recovered.ts";
import { listSegments } from "./repository.ts";
import { makeData, openWay, scratchData, scratchTablespaces } from "./scratch.ts";
import { newestSegment } from "./wal.ts";
import { waitForRecovery } from "./wait-for-recovery.ts";

type Input = { component: PgBackRestComponent; backup: Backup | null; toTime: string | null };

/** Restores the cluster and recovers it where only its owner can reach it; `place` makes it the real one. */
export async function restorePgBackRest({ component, backup, toTime }: Input, context: StepContext): Promise<Restored> {
  const { bin, segmentBytes } = await mustRecall(context, component, "cluster");
  const stanza = await readInfo(component);
  const plan =
    (await recall(context, component, "restore")) ??
    (await prepare(component, stanza, chooseBackup(stanza, backup, toTime), segmentBytes, context));
  const chosen = stanza.backup.find(({ label }) => label === plan.label);
  if (chosen === undefined) throw fail("NO_BACKUP", `backup ${plan.label} is gone from the repository`);
  await runRestore(component, plan, bin, toTime, context);
  const server = privateServer(component, context, bin, plan.data);
  const from = new Date().toISOString();
  await startPrivate(server, component, context);
  await waitForRecovery(server, component, context);
  const to = new Date().toISOString();
  const recovered = await noteRecovered(server, component, context);
  await checkReached(component, plan, recovered, segmentBytes, toTime, context);
  const moved = plan.movedTo === null ? "" : `; what was there is in ${plan.movedTo}`;
  return {
    place: `${plan.data}, private socket in ${server.directory} port ${component.connection.port}`,
    backup: toRecord(component, chosen),
    waits: [{ from, to }],
    note: `restored ${plan.label} and recovered to ${recovered.position} of timeline ${recovered.parent}${recovered.stoppedAt === null ? "" : `, stopped before ${recovered.stoppedAt}`}${moved}`,
  };
}

/** This run's own backup; for a real loss the newest good one that ended before the time. @throws NO_BACKUP */
function chooseBackup(stanza: Stanza, backup: Backup | null, toTime: string | null): BackupInfo {
  if (backup === null) return newestGood(stanza, toTime);
  const own = stanza.backup.find(({ label }) => label === backup.id);
  if (own === undefined) throw fail("NO_BACKUP", `backup ${backup.id} is gone from the repository`);
  if (toTime !== null && own.timestamp.stop * 1000 >= Date.parse(toTime)) {
    throw fail(
      "NO_BACKUP",
      `${toTime} lies before the end of this run's backup ${backup.id} (${backup.completedAt})`,
      "Choose a later time, or none.",
    );
  }
  return own;
}

/** Makes sure that the destination is empty or ours, and notes what recovery must reach. */
async function prepare(
  component: PgBackRestComponent,
  stanza: Stanza,
  chosen: BackupInfo,
  segmentBytes: number,
  context: StepContext,
): Promise<Memory["restore"]> {
  const { run } = context;
  const beside = run.scenario === "none";
  const data = beside ? scratchData(component, context) : component.data;
  const loss = await recall(context, component, "loss");
  const required = newestSegment(await listSegments(component, stanza, chosen), segmentBytes);
  if (required === undefined) throw fail("UNDER_RECOVERED", `the repository has no WAL for backup ${chosen.label}`);
  let movedTo: string | null = null;
  if (beside) await openWay(component, context);
  else if (run.type === "restore") movedTo = await moveAside(component, context);
  else if (loss === undefined || !(await isEmpty(data))) {
    throw fail(
      "TARGET_EXISTS",
      `${data} is not the empty directory that this run left`,
      "Find out who put something there, and move it away; then retry.",
    );
  }
  const plan = { label: chosen.label, data, required, movedTo };
  await remember(context, component, "restore", plan);
  return plan;
}

async function runRestore(
  component: PgBackRestComponent,
  plan: Memory["restore"],
  bin: string,
  toTime: string | null,
  context: StepContext,
): Promise<void> {
  const { data, label } = plan;
  const beside = context.run.scenario === "none";
  const keep = `it holds a restored cluster that was not put into place: start it, or empty it; archive_mode is off in its postgresql.auto.conf`;
  const path = beside ? join(data, "..") : data;
  await noteLeftover(context.directory, `restored.${component.name}`, { kind: "path", path, ...(!beside && { keep }) });
  const args = [
    `--set=${label}`,
    `--pg1-path=${data}`,
    "--archive-mode=off",
    ...(beside ? [`--tablespace-map-all=${scratchTablespaces(component, context)}`] : []),
    ...(toTime === null
      ? ["--type=default"]
      : ["--type=time", `--target=${recoveryTime(toTime)}`, "--target-action=promote"]),
  ];
  const prepareData = async () => {
    await requireOwn(component, data, bin, context);
    await stopCluster(bin, data, "immediate", component.osUser);
    await forget(context, component, "recovered");
    await emptyData(data, context.signal);
    if (beside) await emptyData(scratchTablespaces(component, context), context.signal);
    await makeData(data, component);
    const { ino, dev } = await stat(data);
    await remember(context, component, "own", { ino, dev, control: null });
  };
  const end = await backrestLong(component, context, { command: "restore", args, prepare: prepareData });
  if (end.exitCode !== 0) throw await backrestLongFailure("restore", end);
  const own = await mustRecall(context, component, "own");
  const restored = (await controlFile(data)) ?? null;
  await remember(context, component, "own", { ...own, control: own.control ?? restored });
  const { systemIdentifier } = await mustRecall(context, component, "cluster");
  const control = await controlData(bin, data, component.osUser);
  if (control?.systemIdentifier === systemIdentifier) return;
  throw fail(
    "RECOVERY_FAILED",
    `pgbackrest restore ended with exit code 0, but ${data} holds ${control === undefined ? "no cluster" : `cluster ${control.systemIdentifier}`} instead of ${systemIdentifier}: ${(await wordsOf(end)) || "it said nothing"}`,
    `Its whole output is in ${end.stderr} on the worker's host.`,
  );
}

/**
 * PostgreSQL's way to write a time, to the microsecond: "2026-11-21 11:12:03.494123+00".
 * @param iso ISO 8601; pgBackRest refuses its "T" and "Z"
 */
export function recoveryTime(iso: string): string {
  const fraction = (/[.,](\d{1,6})/.exec(iso)?.[1] ?? "").padEnd(6, "0");
  return `${new Date(iso).toISOString().slice(0, 19).replace("T", " ")}.${fraction}+00`;
}
