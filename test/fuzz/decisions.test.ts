import { ApplicationFailure } from "@temporalio/common";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Action } from "../../src/report/people.ts";
import { checkDecision, type Waiting } from "../../src/workflows/messages.ts";
import { checkRequest } from "../../src/workflows/request.ts";
import { type Json, json, tricky } from "./mutations.ts";
import { runs, timeout } from "./runs.ts";

const step = fc.constantFrom("restore/shop", "verify/shop", "report/cleanup", "plant/ledger");
const waiting: fc.Arbitrary<Waiting[]> = fc.uniqueArray(
  fc.record({
    step,
    failureNo: fc.integer({ min: 1, max: 3 }),
    actions: fc.constantFrom<Action[]>(["retry", "abort"], ["retry", "skip", "abort"], ["abort"]),
  }),
  { selector: (one) => one.step, maxLength: 3 },
);
const word = fc.oneof(fc.constantFrom("anna", "because", " ", ""), tricky);
const decision = fc.record(
  {
    step: fc.oneof(step, word),
    action: fc.oneof(fc.constantFrom("retry", "skip", "abort"), word),
    by: fc.oneof(fc.constant("anna"), word),
    reason: fc.oneof(fc.constant("because"), word),
    failureNo: fc.oneof(fc.integer({ min: 0, max: 4 }), json),
    bye: word,
  },
  { requiredKeys: ["step", "action"] },
);

function legal(input: unknown, waiting: Waiting[]): boolean {
  if (typeof input !== "object" || input === null) return false;
  const { step, action, by, reason, failureNo, ...rest } = input as Record<string, unknown>;
  const found = waiting.find((one) => one.step === step);
  const said = [by, reason].every((text) => typeof text === "string" && text.trim() !== "");
  return (
    Object.keys(rest).length === 0 &&
    said &&
    found !== undefined &&
    (failureNo === undefined || failureNo === found.failureNo) &&
    (found.actions as unknown[]).includes(action)
  );
}

function refused(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(ApplicationFailure);
    expect(error).toMatchObject({ type: "REQUEST_INVALID", nonRetryable: true });
    return (error as Error).message;
  }
}

test("a decision is taken exactly when it fits what waits, and refused with a reason otherwise", { timeout }, () => {
  fc.assert(
    fc.property(fc.oneof(decision, json as fc.Arbitrary<unknown>), waiting, (input, waiting) => {
      const why = refused(() => expect(waiting).toContain(checkDecision(input, waiting)));
      expect(why === undefined).toBe(legal(input, waiting));
      if (why !== undefined) expect(why).toMatch(/\S/);
    }),
    {
      ...runs(3_000),
      examples: [
        ["retry", []],
        [[], []],
        [null, []],
        [{ __proto__: { step: "verify/shop" } }, []],
      ],
    },
  );
});

test("any input of a workflow is a request, or refused with a reason", { timeout }, () => {
  const request = fc.record(
    {
      plan: fc.oneof(fc.constant("homelab"), json),
      by: fc.oneof(fc.constant("anna"), json),
      reason: fc.oneof(fc.constant("drill"), json),
      scenario: fc.oneof(fc.constantFrom("database", "none", null), json),
      components: fc.oneof(fc.constantFrom<Json>(["shop"], [], null), json),
      toTime: fc.oneof(
        fc.constantFrom<Json>(
          "2026-11-21T03:00:00Z",
          "2026-11-21 03:00:00",
          "2026-13-41T99:00:00Z",
          "2026-02-31T00:00:00Z",
          null,
        ),
        json,
      ),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      fc.constantFrom("exercise", "restore", "backup", "audit"),
      fc.oneof(request, json as fc.Arbitrary<unknown>),
      (type, input) => {
        const why = refused(() => {
          const { plan, by, reason, scenario, components, toTime } = checkRequest(type, input);
          for (const text of [plan, by, reason]) expect(text.trim()).not.toBe("");
          expect(["database", "none"]).toContain(scenario);
          if (components !== null) expect(components.every((name) => typeof name === "string")).toBe(true);
          if (toTime !== null) {
            expect(type).toBe("restore");
            expect(new Date(toTime).toISOString().slice(0, 19)).toBe(toTime.slice(0, 19));
          }
        });
        if (why !== undefined) expect(why).toMatch(/\S/);
      },
    ),
    runs(3_000),
  );
});
