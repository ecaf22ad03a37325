import type { Client, ScheduleDescription } from "@temporalio/client";
import chalk from "chalk";
import { verdictTone } from "../report/words.ts";
import { partsOfId } from "../schedule/define.ts";
import type { Request } from "../workflows/request.ts";
import { outcome, type PastRun, runsOfServer } from "./history.ts";
import { tonePaints } from "./view/columns.ts";

/** A schedule with what it will do and has done. Times are ISO 8601 in UTC. */
export interface ListedSchedule {
  id: string;
  plan: string;
  name: string;
  /** Type of its runs. */
  run: string;
  scenario: string | null;
  /** Its times in words. */
  when: string;
  timezone: string;
  /** Who has paused it, and why; null where it is not paused. */
  paused: string | null;
  /** The next three; none while it is paused. */
  nextRuns: string[];
  /** The last five that began, the newest first. */
  lastRuns: PastRun[];
  /** Times at which no run began, as the one before was still under way. */
  leftOut: number;
  /** Times at which the server was down for longer than the plan lets a run be late. */
  missed: number;
}

const shown = { next: 3, last: 5 };

export async function listed(
  client: Client,
  taskQueue: string,
  schedule: ScheduleDescription,
): Promise<ListedSchedule> {
  const { scheduleId: id, spec, action, state, info } = schedule;
  const { scenario = null } = (action.args?.[0] ?? {}) as Partial<Request>;
  return {
    id,
    ...partsOfId(id)!,
    run: action.workflowType,
    scenario,
    when: spec.calendars?.map(({ comment }) => comment ?? "").join(", ") ?? "",
    // The server calls UTC nothing where nobody has named a time zone.
    timezone: spec.timezone || "UTC",
    paused: state.paused ? (state.note ?? "") : null,
    nextRuns: state.paused ? [] : info.nextActionTimes.slice(0, shown.next).map((at) => at.toISOString()),
    lastRuns: await runsOfServer(client, taskQueue, { schedule: id, limit: shown.last }),
    leftOut: info.numActionsSkippedOverlap,
    missed: info.numActionsMissedCatchupWindow,
  };
}

/** "Sat 2026-12-05 03:00", in the time zone. */
function localTime(iso: string, timeZone: string): string {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    weekday: "short",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const { weekday, year, month, day, hour, minute } = Object.fromEntries(
    format.formatToParts(new Date(iso)).map(({ type, value }) => [type, value]),
  );
  return `${weekday} ${year}-${month}-${day} ${hour}:${minute}`;
}

export function listLines(schedule: ListedSchedule): string[] {
  const { id, run, scenario, when, timezone, paused, nextRuns, lastRuns, leftOut, missed } = schedule;
  const next = nextRuns.map((at) => localTime(at, timezone)).join(", ");
  const what = scenario === null ? run : `${run}, scenario ${scenario}`;
  return [
    `${chalk.bold(id)}  ${what}: ${when} ${timezone}`,
    paused === null ? `  next: ${next || "never"}` : `  ${chalk.yellow("paused")}: ${paused}`,
    ...(lastRuns.length === 0 ? ["  last: none yet"] : lastRuns.flatMap((one, n) => lastLines(one, n, timezone))),
    ...(leftOut === 0 ? [] : [`  left out: ${leftOut}, as the run before was still under way`]),
    ...(missed === 0 ? [] : [`  missed: ${missed}, as the Temporal server was down for too long`]),
  ];
}

function lastLines(run: PastRun, index: number, timezone: string): string[] {
  const tone = run.verdict == null ? "open" : verdictTone[run.verdict];
  const word = tonePaints[tone](outcome(run).padEnd("INCONCLUSIVE".length));
  const line = `${localTime(run.startedAt, timezone)}  ${word}  ${run.workflowId}`;
  // Why it was skipped or refused; what else a run has to tell stands in its report.
  const told = run.status === "skipped" || run.status === "refused";
  return [`  ${index === 0 ? "last:" : "     "} ${line}`, ...(told ? [`        ${chalk.dim(run.summary ?? "")}`] : [])];
}
