import * as z from "zod";
import { fail } from "../failures.ts";
import { Notice } from "./notice-schema.ts";
import { type RunRecord, runTypes, scenarios } from "./record.ts";
import { Cause, Check } from "./schema-checks.ts";
import { Approvals, EarlierPart, PastDrill, Pause, status, time, verdict } from "./schema-people.ts";

/** The record's schema, for tools and for reading a report.json again. Never imported by workflow code. */

const someTime = time.nullable();
const seconds = z.number().describe("seconds");
const someSeconds = seconds.nullable();

const Rto = z
  .strictObject({
    objectiveSeconds: someSeconds,
    seconds: someSeconds,
    machineSeconds: seconds.describe("seconds in which Firedrill and its programs worked"),
    waitingSeconds: seconds.describe("seconds in which the target itself was busy coming back"),
    peopleSeconds: seconds.describe("seconds in which a failed step waited for a person"),
  })
  .describe("recovery time: from the moment of loss to the last passed check");

const Rpo = z
  .strictObject({ objectiveSeconds: someSeconds, seconds: someSeconds })
  .describe("recovery point: how much time's data was lost, before the loss or before the time to restore to");

const Backup = z.strictObject({
  id: z.string(),
  completedAt: time,
  bytes: z.int().nonnegative(),
  location: z.string().describe("a directory, or repository and stanza"),
  sha256: z.string().nullable(),
});

const Component = z.strictObject({
  name: z.string(),
  kind: z.string(),
  holder: z.string().optional().describe("the namespace of which it is data, and is lost and restored with"),
  many: z.literal(true).optional().describe("it means many volumes, which were not found yet"),
  of: z
    .strictObject({
      component: z.string().describe("name of the component in the plan"),
      claim: z.string(),
      workload: z.string().optional().describe("what uses the volume"),
    })
    .optional()
    .describe("which it is of the volumes that a component of the plan means"),
  directory: z
    .string()
    .describe("where the run works on it, below the worker's state/runs: logs of programs, what it remembers"),
  target: z.string(),
  verdict: verdict.nullable(),
  rto: Rto,
  rpo: Rpo,
  backup: Backup.nullable(),
  lostAt: someTime.describe("the data was gone from here on, or, without a destruction, was restored from here on"),
  newestRecoveredAt: someTime,
  provenAt: someTime.describe("the last check had passed"),
  waits: z
    .array(z.strictObject({ from: time, to: time }))
    .describe("times in which the target itself was busy coming back"),
  checks: z.array(Check),
  causes: z.array(Cause).optional().describe("why it is not back, the root cause first"),
  downtimeSeconds: someSeconds.optional().describe("longest time without an answer of a check from outside"),
});

const Failure = z.strictObject({ type: z.string(), message: z.string(), hint: z.string(), at: time });
const Decision = z.strictObject({
  action: z.enum(["retry", "skip", "abort"]),
  by: z.string(),
  reason: z.string(),
  at: time,
  reloaded: z
    .strictObject({ sha256: z.string(), changed: z.array(z.string()) })
    .optional()
    .describe("the plan was read again for it, and what differed, such as components.shop.jobs"),
});
const Refusal = z.strictObject({
  guard: z.string(),
  component: z.string().nullable(),
  message: z.string(),
  hint: z.string(),
  passes: z.literal(true).optional().describe("it will be over by itself: a run of a schedule is then skipped"),
});
const Stretch = z.strictObject({
  kind: z
    .enum(["ran", "failed", "died", "resuming", "unanswered", "waited", "paused"])
    .describe(
      "died: with the worker; resuming: until the next worker went on; unanswered: a server did not answer; waited: for a person; paused: the whole run",
    ),
  from: time,
  to: time,
  by: z.enum(["API server", "Temporal server"]).optional().describe("who did not answer"),
});

const Step = z.strictObject({
  id: z.string().describe("phase/component or phase/system/name"),
  phase: z.enum(["preflight", "plant", "backup", "approve", "destroy", "rebuild", "restore", "verify", "report"]),
  title: z.string(),
  component: z.string().nullable(),
  destroys: z.boolean(),
  skippable: z.boolean(),
  status: z.enum(["pending", "running", "waiting", "paused", "done", "skipped", "aborted", "cancelled"]),
  startedAt: someTime,
  endedAt: someTime,
  attempts: z.int().nonnegative().describe("attempts that were started, those that died with a worker included"),
  failures: z.array(Failure),
  decisions: z.array(Decision),
  stretches: z.array(Stretch),
  carriedOver: z.boolean().describe("taken over from an earlier run"),
  expectedSeconds: someSeconds.describe("median of earlier runs"),
  note: z.string().nullable().describe("one line of evidence"),
});

const schema = z
  .strictObject({
    version: z.literal(1),
    run: z.strictObject({
      workflowId: z.string(),
      runId: z.string(),
      type: z.enum(runTypes),
      scenario: z.enum(scenarios),
      toTime: someTime.describe("the moment that a restore was asked to restore to; null for all that there is"),
      by: z.string(),
      reason: z.string(),
      scheduled: z.literal(true).optional().describe("a schedule has begun it"),
    }),
    plan: z.strictObject({ name: z.string(), sha256: z.string(), environment: z.string() }),
    codeVersion: z.string(),
    directory: z.string().describe("where the worker keeps the reports of this run"),
    startedAt: time.describe("ISO 8601, UTC; of the first part, where the run resumes another one"),
    resumedAt: someTime.describe("when this part began, null where it is the only one"),
    earlier: z
      .array(EarlierPart)
      .describe("runs that were closed and of which this one is the continuation, the first one first"),
    endedAt: someTime,
    status,
    verdict: verdict.nullable(),
    score: z.strictObject({ proven: z.int().nonnegative(), total: z.int().nonnegative() }),
    summary: z.string().describe("one sentence that stands alone"),
    rto: Rto,
    rpo: Rpo,
    components: z.array(Component),
    steps: z.array(Step),
    before: z
      .array(PastDrill)
      .describe("of an exercise: those before it of the same plan, scenario and components, the oldest first"),
    failure: Failure.nullable().describe("what ended the run early where it was no failure of a step"),
    refusals: z.array(Refusal),
    pauses: z.array(Pause),
    approvals: Approvals,
    ignoredDecisions: z
      .array(z.strictObject({ at: time, why: z.string() }))
      .describe("decisions that came as signals and did not fit what was waiting"),
    notices: z.array(Notice).describe("whom the run has told of what"),
    diagnosis: z.array(Cause),
    leftovers: z.array(z.strictObject({ what: z.string(), where: z.string(), why: z.string() })),
  })
  .meta({ title: "Firedrill run record", description: "All that happened in one run of a Firedrill plan" });

// oxlint-disable-next-line no-unnecessary-type-parameters -- the comparison lives in the unused parameter
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Does not compile when the schema and the interface differ, in either direction. */
export const RunRecordSchema: Equal<z.infer<typeof schema>, RunRecord> extends true ? typeof schema : never = schema;

/** The JSON schema (draft 2020-12) of report.json. */
export function reportJsonSchema(): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(RunRecordSchema);
}

/** @throws RECORD_INVALID */
export function readJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Not in the parser's own words, which quote the text: a file that was named by mistake may hold a secret.
    const [place] = /line \d+ column \d+/.exec((error as Error).message) ?? [];
    throw fail("RECORD_INVALID", `${file} is not JSON${place === undefined ? "" : ` (${place})`}`);
  }
}

/**
 * Reads a report.json.
 * @param file name for the message
 * @throws RECORD_INVALID that names every place where the text is not a record
 */
export function parseRecord(text: string, file: string): RunRecord {
  const parsed = RunRecordSchema.safeParse(readJson(text, file));
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "(whole file)"}: ${message}`);
  throw fail("RECORD_INVALID", `${file} is not a record of a run:\n  ${issues.join("\n  ")}`);
}
