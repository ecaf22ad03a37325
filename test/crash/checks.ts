import type { WorkflowHandle } from "@temporalio/client";
import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { execa } from "execa";
import { expect } from "vitest";
import type { Drill } from "../support/drill.ts";
import type { Effect } from "../hook/rules.ts";
import { recheck } from "../../src/report/recheck.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { programsOf, type Scene } from "./harm.ts";

interface Timestamp {
  seconds?: unknown;
  nanos?: number | null;
}

/** What the server noted of each activity. */
interface Activity {
  id: string;
  scheduled: number;
  attempt: number;
  /** Milliseconds since 1970; one entry for each completion. */
  completedAt: number[];
  failed: number;
}

export async function activitiesOf(handle: WorkflowHandle): Promise<Activity[]> {
  const activities = new Map<string, Activity>();
  const byEvent = new Map<string, Activity>();
  for (const event of (await handle.fetchHistory()).events ?? []) {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled) {
      const id = scheduled.activityId ?? "";
      const activity = activities.get(id) ?? { id, scheduled: 0, attempt: 0, completedAt: [], failed: 0 };
      activity.scheduled += 1;
      activities.set(id, activity);
      byEvent.set(String(event.eventId), activity);
    }
    const of = (attributes: { scheduledEventId?: unknown } | null | undefined) =>
      attributes ? byEvent.get(String(attributes.scheduledEventId)) : undefined;
    const started = of(event.activityTaskStartedEventAttributes);
    if (started) started.attempt = event.activityTaskStartedEventAttributes?.attempt ?? 0;
    of(event.activityTaskCompletedEventAttributes)?.completedAt.push(milliseconds(event.eventTime ?? {}));
    const failed = of(event.activityTaskFailedEventAttributes) ?? of(event.activityTaskTimedOutEventAttributes);
    if (failed) failed.failed += 1;
  }
  return [...activities.values()];
}

const milliseconds = ({ seconds, nanos }: Timestamp) => Number(seconds) * 1_000 + (nanos ?? 0) / 1_000_000;

/** A step lasts at least as long as its attempts, the dead ones and the pauses between them included; and all agrees. */
export function timesAreTrue(record: RunRecord): void {
  const span = (from: string, to: string) => Date.parse(to) - Date.parse(from);
  for (const { id, startedAt, endedAt, stretches } of record.steps) {
    const [first, last] = [stretches[0], stretches.at(-1)];
    if (first === undefined || last === undefined) continue;
    expect(span(startedAt!, endedAt!), `milliseconds of ${id}`).toBeGreaterThanOrEqual(span(first.from, last.to));
  }
  expect(recheck(JSON.parse(JSON.stringify(record))).found).toEqual([]);
}

/** No step was finished twice, and none did anything after the server knew that it had finished. */
export function nothingTwice(activities: Activity[], effects: Effect[]): void {
  expect(
    activities.filter(({ scheduled, completedAt, failed }) => scheduled + completedAt.length !== 2 || failed > 0),
  ).toEqual([]);
  const late = activities.flatMap(({ id, completedAt: [completed = 0] }) =>
    effects.filter(({ step, at }) => (step === id || step.startsWith(`${id.replaceAll("/", ".")}.`)) && at > completed),
  );
  expect(late, "effects of a step after its completion").toEqual([]);
  expect(
    effects.filter(({ beside = [] }) => beside.length > 0),
    "a program beside itself",
  ).toEqual([]);
}

/** A program below a supervisor that was started is adopted, unless it was killed itself. */
export function programsAdopted({ row }: Scene, effects: Effect[]): void {
  const jobs = effects.filter(({ moment, step }) => moment === "program" && /\.\d+\.\d+$/.test(step));
  const starts = jobs.map(({ step, what }) => `${step} ${what}`);
  expect(starts.filter((one, index) => starts.indexOf(one) !== index)).toEqual([]);
  // Of a job whose first supervisor never came the second start is the first.
  const first = (step: string) => step.replace(/\d+$/, "1");
  const again = [...new Set(jobs.map(({ step }) => step).filter((step) => step !== first(step)))].filter((step) =>
    jobs.some((one) => one.step === first(step)),
  );
  if (!row.restarts) expect(again).toEqual([]);
  else expect(again).toEqual([expect.stringMatching(/\.0\.2$/)]);
}

/** What a person would have to clean up. */
export async function nothingLeft({ drill, row, run }: Scene, record: RunRecord): Promise<void> {
  const { server, directory } = drill;
  const kept = row.type === "restore" && record.leftovers.every(({ where }) => where.includes("/data.before-"));
  if (!kept) expect(record.leftovers).toEqual([]);
  const state = join(directory, "state");
  const own = join(state, "runs", basename(record.directory));
  expect(await namesIn(join(own, "leftovers"))).toHaveLength(kept ? record.leftovers.length : 0);
  expect(existsSync(join(own, "scratch", "ledger"))).toBe(false);
  const short = (await run.handle.describe()).runId.replaceAll("-", "").slice(-8);
  expect((await namesIn("/tmp")).filter((name) => name.startsWith(`firedrill-${short}`))).toEqual([]);
  expect((await namesIn(join(directory, "dumps"))).filter((name) => name.endsWith(".partial"))).toEqual([]);
  expect(await namesBeside(server.data)).toHaveLength(kept ? record.leftovers.length : 0);
  // What the server and its backups cannot read any more is lost to them.
  const strangers = await execa("find", [server.data, "!", "-user", String((await stat(server.data)).uid)]);
  expect(strangers.stdout.split("\n").filter((path) => path !== "" && !path.endsWith(".ready"))).toEqual([]);
  expect(await databasesOf(drill)).toEqual(["postgres", "shop", "template0", "template1"]);
  expect(await schemasOf(drill)).toEqual(["public"]);
  await expect.poll(() => programsOf(drill), { timeout: 5_000 }).toEqual([]);
  expect(JSON.parse(await readFile(join(own, "run.json"), "utf8"))).toMatchObject({ closed: true });
}

const namesIn = (directory: string) => readdir(directory).catch(() => []);

const namesBeside = async (data: string) => (await namesIn(dirname(data))).filter((name) => name.startsWith("data."));

async function databasesOf({ server }: Drill): Promise<string[]> {
  const rows = await server.sql<{ datname: string }>("postgres", "select datname from pg_database order by 1");
  return rows.map(({ datname }) => datname);
}

async function schemasOf({ server }: Drill): Promise<string[]> {
  const text = "select nspname from pg_namespace where nspname !~ '^(pg_|information)'";
  return (await server.sql<{ nspname: string }>("shop", text)).map(({ nspname }) => nspname);
}
