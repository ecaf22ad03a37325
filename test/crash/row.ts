import type { Rule } from "../hook/rules.ts";
import type { RunType, Scenario } from "../../src/report/record.ts";

/** Who is killed with -9 when the hit step stands at its point. */
type Victim =
  | "worker"
  /** The next worker too, when it stands at the same point. */
  | "worker, twice"
  /** Another worker of the same configuration runs all the time. */
  | "worker beside another"
  | "program"
  | "supervisor"
  | "program and worker"
  | "supervisor and worker"
  /** Worker, supervisors, programs: all but the PostgreSQL server. */
  | "everything"
  /** Started again on its database file; see temporal.test.ts. */
  | "Temporal server"
  | "Temporal server, for 75 s"
  | "Temporal server and worker"
  /** The worker dies while the server is away. */
  | "Temporal server, then worker";

type At = Pick<Rule, "moment" | "step" | "what">;

/** One kill in one run. */
export interface Row {
  /** ID of the step that is hit; "1" is the activity that reads the plan. */
  step: string;
  /** "before", "during" and "after" its side effect, or words of its own. */
  moment: string;
  /** Where it stands then. */
  at: At;
  victim: Victim;
  type: RunType;
  scenario: Scenario;
  /** Its program must be started anew; otherwise a program that was started is never started again. */
  restarts: boolean;
}

/** Where a step stands before and during its side effect, in short. */
export type Moments = Record<string, { before: At; during: At }>;

const defaults = { victim: "worker", type: "exercise", scenario: "database", restarts: false } as const;

/** Where a step stands when its code has returned and the server does not know. */
export const returned = (step: string): At => ({ moment: "step-end", step: `^${step}$` });

/** The three kills of each step. */
export function threeMoments(moments: Moments): Row[] {
  return Object.entries(moments).flatMap(([step, { before, during }]) => [
    { ...defaults, step, moment: "before", at: before },
    { ...defaults, step, moment: "during", at: during },
    { ...defaults, step, moment: "after", at: returned(step) },
  ]);
}

export function row(step: string, moment: string, at: At, more: Partial<Row> = {}): Row {
  return { ...defaults, step, moment, at, ...more };
}

/** A point of the step's own code; one that follows a `job` lies in a program below its supervisor. */
export function points(step: string) {
  const own = `^${step}$`;
  const job = `^${step.replaceAll("/", String.raw`\.`)}\\.`;
  return {
    begins: { moment: "step-begin", step: own } as At,
    connects: (what: string): At => ({ moment: "connect", step: own, what }),
    sqlBegins: (what: string): At => ({ moment: "sql-begin", step: own, what }),
    sqlDone: (what: string): At => ({ moment: "sql-end", step: own, what }),
    startsJob: { moment: "program-begin", step: own, what: "supervisor" } as At,
    startsProgram: (what: string): At => ({ moment: "program-begin", step: own, what }),
    program: (what: string): At => ({ moment: "program", step: own, what }),
    jobRuns: (what: string): At => ({ moment: "program", step: job, what }),
    fileBegins: (what: string): At => ({ moment: "file-begin", step: own, what }),
    fileDone: (what: string): At => ({ moment: "file-end", step: own, what }),
  };
}

/** Steps without an activity: they only think, and are done with the one before them or begin with the one after. */
export const decidedByWorkflow = ["preflight/guards", "destroy/guards"];
