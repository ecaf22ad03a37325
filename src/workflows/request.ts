import { closest } from "fastest-levenshtein";
import { fail } from "../failures.ts";
import { isReservedId } from "../lock-names.ts";
import { momentHint, parseMoment } from "../plan/moment.ts";
import { type RunType, type Scenario, scenarios } from "../report/record.ts";

/** The one argument of every workflow. It names a plan of the worker; no path, command or secret arrives through Temporal. */
export interface Request {
  plan: string;
  /** What is lost; `none` restores beside the live target. */
  scenario?: Scenario;
  /** Names of components; all of the plan otherwise. */
  components?: string[];
  /** Point in time to restore to, ISO 8601 with time zone; only for `restore`. */
  toTime?: string;
  by: string;
  reason: string;
  /** A schedule begins it: where somebody else works, or the plan is frozen, it is skipped. */
  scheduled?: boolean;
  /** Name of a closed run's directory of records: its finished steps are taken over. */
  resume?: string;
}

/** A request with its defaults. */
export type Checked = Required<Omit<Request, "toTime" | "components" | "resume">> & {
  toTime: string | null;
  components: string[] | null;
  resume: string | null;
};

const keys = ["plan", "scenario", "components", "toTime", "by", "reason", "scheduled", "resume"];

/** Checks what a person typed into the `temporal` CLI. @throws REQUEST_INVALID, which fails the run at once */
export function checkRequest(type: RunType, input: unknown): Checked {
  const example = `{"plan":"homelab","by":"anna","reason":"monthly drill"}`;
  const invalid = (message: string, hint = `The input is one JSON object such as ${example}.`) =>
    fail("REQUEST_INVALID", message, hint);
  if (typeof input !== "object" || input === null || Array.isArray(input))
    throw invalid("the input is not a JSON object");
  const request = input as Record<string, unknown>;
  for (const key of Object.keys(request)) {
    if (!keys.includes(key))
      throw invalid(`unknown key "${key}" in the input`, `Did you mean "${closest(key, keys)}"?`);
  }
  for (const key of ["plan", "by", "reason"]) {
    const value = request[key];
    if (typeof value !== "string" || value.trim() === "") throw invalid(`the input lacks "${key}"`);
    if (value.length > 500) throw invalid(`"${key}" is longer than 500 characters`);
  }
  return {
    plan: request.plan as string,
    by: request.by as string,
    reason: request.reason as string,
    scenario: checkScenario(type, request.scenario, invalid),
    components: checkComponents(request.components, invalid),
    toTime: checkTime(type, request.toTime, invalid),
    scheduled: checkScheduled(type, request, invalid),
    resume: checkResume(type, request.resume, invalid),
  };
}

type Invalid = (message: string, hint?: string) => Error;

function checkScenario(type: RunType, scenario: unknown, invalid: Invalid): Scenario {
  const usual: Scenario = type === "backup" || type === "audit" ? "none" : "database";
  const known = scenarios.map((name) => `"${name}"`).join(", ");
  if (scenario === undefined || scenario === null) return usual;
  if (!isScenario(scenario)) throw invalid(`unknown scenario ${JSON.stringify(scenario)}`, `Scenarios are ${known}.`);
  const others = type === "exercise" ? scenarios : type === "restore" ? ["namespace", "cluster"] : [];
  if (scenario !== usual && !others.includes(scenario))
    throw invalid(`${type === "audit" ? "an" : "a"} ${type} has no scenario "${scenario}"`, "Leave scenario out.");
  return scenario;
}

function isScenario(scenario: unknown): scenario is Scenario {
  return scenarios.some((one) => one === scenario);
}

function checkComponents(components: unknown, invalid: Invalid): string[] | null {
  if (components === undefined || components === null) return null;
  const good =
    Array.isArray(components) && components.length > 0 && components.every((name) => typeof name === "string");
  if (!good)
    throw invalid('"components" is not a list of names', 'Write "components":["shop"], or leave it out for all.');
  return components;
}

/** A restore after a real loss is never left out, nor what is left to do of a run that was closed. */
function checkScheduled(
  type: RunType,
  { scheduled, resume }: { scheduled?: unknown; resume?: unknown },
  invalid: Invalid,
): boolean {
  if (scheduled === undefined || scheduled === null || scheduled === false) return false;
  if (scheduled !== true) throw invalid('"scheduled" is neither true nor false', "Leave scheduled out.");
  if (type === "restore") throw invalid('"scheduled" is not for a restore', "Leave scheduled out.");
  if (resume !== undefined && resume !== null)
    throw invalid('"scheduled" is not for a run that resumes another one', "Leave scheduled out.");
  return true;
}

function checkResume(type: RunType, resume: unknown, invalid: Invalid): string | null {
  if (resume === undefined || resume === null) return null;
  if (type === "audit") throw invalid("an audit is not resumed: it has changed nothing", "Start a new one.");
  if (typeof resume === "string" && resume !== "") return resume;
  throw invalid('"resume" is not the name of a run\'s records', "Use `firedrill resume RUN`, which knows it.");
}

function checkTime(type: RunType, toTime: unknown, invalid: Invalid): string | null {
  if (toTime === undefined || toTime === null) return null;
  if (type !== "restore")
    throw invalid(`"toTime" is for a restore, not for ${type === "audit" ? "an" : "a"} ${type}`, "Leave toTime out.");
  const moment = typeof toTime === "string" ? parseMoment(toTime) : undefined;
  if (moment === undefined)
    throw invalid(`"toTime" is not a time with a time zone: ${JSON.stringify(toTime)}`, momentHint);
  if (Date.parse(moment) > Date.now())
    throw invalid(`"toTime" lies in the future: ${moment}`, "Leave it out for the newest.");
  return moment;
}

/** @throws REQUEST_INVALID for a workflow ID that belongs to locks: as long as the run went on, it would be one */
export function checkId(workflowId: string): void {
  if (isReservedId(workflowId))
    throw fail(
      "REQUEST_INVALID",
      `${workflowId} is no ID for a run: those that begin with firedrill/ are kept for locks`,
      "Choose another workflow ID, such as drill-1.",
    );
}
