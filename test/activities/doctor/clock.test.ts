import { expect, test } from "vitest";
import { judgeClock } from "../../../src/activities/doctor/clock.ts";
import { find } from "../../../src/activities/doctor/finding.ts";

const minute = 60_000;

test.each([
  ["both bounds around nothing", -40, 25, "ok", "agrees with PostgreSQL's, to within 40ms"],
  ["a little ahead, for certain", 4_000, 4_200, "ok", "is 4s ahead of PostgreSQL's"],
  ["ahead by more than one clock may be off", 11_000, 12_000, "warning", "is 11s ahead of PostgreSQL's"],
  ["behind by as much", -12_000, -11_000, "warning", "is 11s behind PostgreSQL's"],
  ["behind by more than a restore's RTO stands", -62 * minute, -61 * minute, "failed", "is 1h 1m behind PostgreSQL's"],
  ["the answer took a minute, and nothing is known", -minute, minute, "ok", "agrees with PostgreSQL's, to within 1m"],
])("%s", async (_, least, most, status, text) => {
  const found = await find("plan", "clock", () => judgeClock(least, most, "PostgreSQL's"));
  expect(found).toMatchObject({ status, type: status === "failed" ? "NOT_PROVEN" : null });
  expect(found.message).toContain(text);
});
