import { expect, test } from "vitest";
import { find } from "../../../src/activities/doctor/finding.ts";
import { fail } from "../../../src/failures.ts";
import { rememberSecret } from "../../../src/redaction.ts";

test("a check that does not end is a finding after its time, and keeps no timer", async () => {
  const from = Date.now();
  const never = await find("plan", "shop", () => new Promise<string>(() => {}), 50);
  expect(Date.now() - from).toBeLessThan(2_000);
  expect(never).toMatchObject({ status: "failed", type: "TIMED_OUT", message: "no answer in 0.05 s" });
});

test("what a check throws keeps type and hint; an error that nobody meant is a defect; no secret is shown", async () => {
  rememberSecret("hunter2-hunter2");
  const meant = await find("plan", "shop", () => {
    throw fail("DATABASE_MISSING", "no database hunter2-hunter2", "Look for hunter2-hunter2.");
  });
  expect(meant).toEqual({
    group: "plan",
    name: "shop",
    status: "failed",
    type: "DATABASE_MISSING",
    message: "no database ***",
    hint: "Look for ***.",
  });
  const defect = await find("plan", "shop", () => Promise.reject(new TypeError("x is undefined")));
  expect(defect).toMatchObject({ status: "failed", type: "UNEXPECTED", message: "x is undefined" });
  const well = await find("plan", "shop", () => "hunter2-hunter2 is there");
  expect(well).toMatchObject({ status: "ok", message: "*** is there", hint: null, type: null });
});
