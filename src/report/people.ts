import type { RunRecord } from "./record.ts";

/** What people have said to a run. */

/** Somebody stopped the run before its next step. `at` is ISO 8601 in UTC; `ended` is null while it lasts. */
export interface Pause {
  by: string;
  reason: string;
  at: string;
  ended: { by: string; reason: string; at: string } | null;
}

/** A person's consent to a destruction. `at` is ISO 8601 in UTC. */
export interface Approval {
  by: string;
  reason: string;
  at: string;
}

/** What the plan asks for before something is destroyed, and what people have said. */
export interface Approvals {
  needed: number;
  /** Who may approve; anybody else than who started the run where it is null. */
  from: string[] | null;
  /** How long an approval counts, and how long the run waits for them. */
  withinSeconds: number;
  given: Approval[];
  /** Those that do not count, and why. */
  refused: { by: string; at: string; why: string }[];
}

/** A plan that was read again in the middle of a run. */
export interface Reload {
  /** Of the plan's file as it is now. */
  sha256: string;
  /** What differs from the plan before, such as `components.shop.jobs`. */
  changed: string[];
}

/** A run that was closed before its end and resumed by another one. Times are ISO 8601 in UTC. */
export interface EarlierPart {
  workflowId: string;
  runId: string;
  by: string;
  reason: string;
  startedAt: string;
  endedAt: string;
  status: RunRecord["status"];
  summary: string;
}

export type Action = "retry" | "skip" | "abort";

/** A person's answer to a failed step. `at` is ISO 8601 in UTC. */
export interface Decision {
  action: Action;
  by: string;
  reason: string;
  at: string;
  /** The plan was read again for it. */
  reloaded?: Reload | undefined;
}
