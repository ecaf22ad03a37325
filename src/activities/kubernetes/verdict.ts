import type { Condition, KubernetesObject } from "./object.ts";

/** What a rule finds of an object. */
export interface Verdict {
  status: "ready" | "progressing" | "failed" | "terminating";
  /** What it is waiting for, or what is wrong. */
  message: string;
  /** Since when it is ready, where it says so itself. */
  since: string | null;
}

export type Rule = (object: KubernetesObject, now: number) => Verdict;

export function ready(message: string, since: string | null | undefined): Verdict {
  return { status: "ready", message, since: since ?? null };
}

export function progressing(message: string): Verdict {
  return { status: "progressing", message, since: null };
}

export function failed(message: string): Verdict {
  return { status: "failed", message, since: null };
}

/** "Ready is False: waiting for the secret" */
export function say({ type, status, reason, message }: Condition): string {
  const why = message || reason;
  return `${type} is ${status}${why ? `: ${why}` : ""}`;
}

/** The later of some times; ISO 8601 with whole seconds sorts as text. */
export function latest(...times: (string | undefined)[]): string | null {
  return (
    times
      .filter((time) => time !== undefined)
      .toSorted()
      .at(-1) ?? null
  );
}

/** A number of a status or a spec; what the API server leaves out is 0, or what is said here. */
export function count(part: Record<string, unknown> | undefined, field: string, otherwise = 0): number {
  const value = part?.[field];
  return typeof value === "number" ? value : otherwise;
}
