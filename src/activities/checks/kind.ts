import type { Session } from "../kubernetes/session.ts";

/** What a kind of check must be able to do. */

/** What it finds; `found` is for people. */
export interface Answer {
  ok: boolean;
  found: string;
}

export interface Around {
  /** Undefined while the cluster does not answer. */
  session: Session | undefined;
  signal: AbortSignal;
}

/** @typeParam C a check as the plan has it. */
export interface CheckKind<C> {
  /** What it is called in the report: "HTTP https://shop.example.org/health". */
  title: (check: C) => string;
  /** Notes what it will be compared with, small JSON that is kept in the run's directory; null where the plan says all. */
  before: (check: C, around: Around) => Promise<unknown>;
  /** What it should find, for people. */
  expected: (check: C, before: unknown) => string;
  /** Asks once. Whatever keeps it from an answer may be thrown. */
  ask: (check: C, before: unknown, around: Around) => Promise<Answer>;
}

/** A kind that compares with nothing. */
export function plainKind<C>(kind: {
  title: (check: C) => string;
  expected: (check: C) => string;
  ask: (check: C, around: Around) => Promise<Answer>;
}): CheckKind<C> {
  return { ...kind, before: async () => null, ask: async (check, _before, around) => await kind.ask(check, around) };
}

/** A kind that compares with what it noted before. @typeParam B what that is; it was JSON meanwhile */
export function comparingKind<C, B>(kind: {
  title: (check: C) => string;
  before: (check: C, around: Around) => Promise<B>;
  expected: (check: C, before: B) => string;
  ask: (check: C, before: B, around: Around) => Promise<Answer>;
}): CheckKind<C> {
  return kind as CheckKind<C>;
}
