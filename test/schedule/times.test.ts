import { afterAll, beforeAll, expect, test } from "vitest";
import { applySchedules } from "../../src/schedule/apply.ts";
import { scheduledPlan, timesBetween } from "../support/schedules.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";

let temporal: TestTemporal;
beforeAll(async () => (temporal = await connectTest()));
afterAll(() => temporal.close());

/** What the server makes of an entry of a plan: it, and not we, begins the runs. */
async function times(entry: object, from: string, until: string): Promise<string[]> {
  const { client } = temporal;
  const [change] = await applySchedules(client, scheduledPlan(entry), "nobody");
  const { id } = change!;
  try {
    return await timesBetween(client, id, from, until);
  } finally {
    await client.schedule.getHandle(id).delete();
  }
}

const berlin = { timezone: "Europe/Berlin" };

test("the first Saturday is the first one of each month, also where the month begins with it", async () => {
  const entry = { on: "first saturday", at: "03:00" };
  // The first of May 2027 is a Saturday.
  expect(await times(entry, "2027-03-01T00:00Z", "2027-07-01T00:00Z")).toEqual([
    "2027-03-06T03:00",
    "2027-04-03T03:00",
    "2027-05-01T03:00",
    "2027-06-05T03:00",
  ]);
});

test("the fourth Saturday is never the fifth", async () => {
  // January 2028 has five.
  expect(await times({ on: "fourth saturday", at: "03:00" }, "2028-01-01T00:00Z", "2028-03-01T00:00Z")).toEqual([
    "2028-01-22T03:00",
    "2028-02-26T03:00",
  ]);
});

test("the hour is that of the time zone, in summer and in winter", async () => {
  const entry = { on: "day", at: "03:00", ...berlin };
  expect(await times(entry, "2027-03-27T00:00Z", "2027-03-29T12:00Z")).toEqual([
    "2027-03-27T02:00",
    "2027-03-28T01:00",
    "2027-03-29T01:00",
  ]);
  expect(await times(entry, "2027-10-30T00:00Z", "2027-11-01T12:00Z")).toEqual([
    "2027-10-30T01:00",
    "2027-10-31T02:00",
    "2027-11-01T02:00",
  ]);
});

test("a time that the spring leaves out is left out, and one that the autumn has twice comes once", async () => {
  const entry = { on: "day", at: "02:30", ...berlin };
  expect(await times(entry, "2027-03-27T00:00Z", "2027-03-29T12:00Z")).toEqual([
    "2027-03-27T01:30",
    "2027-03-29T00:30",
  ]);
  // 02:30 is at 00:30 and at 01:30 of UTC.
  expect(await times(entry, "2027-10-30T12:00Z", "2027-11-01T00:00Z")).toEqual(["2027-10-31T01:30"]);
});

test("the 31st is left out in months that have none, and never becomes another day", async () => {
  expect(await times({ on: 31, at: "03:00" }, "2027-01-01T00:00Z", "2028-01-01T00:00Z")).toEqual(
    ["01", "03", "05", "07", "08", "10", "12"].map((month) => `2027-${month}-31T03:00`),
  );
});

test("the 29th comes in February of a leap year only", async () => {
  const february = (year: number) => times({ on: 29, at: "03:00" }, `${year}-02-01T00:00Z`, `${year}-03-01T00:00Z`);
  expect(await february(2027)).toEqual([]);
  expect(await february(2028)).toEqual(["2028-02-29T03:00"]);
});

test("cron means on the server what it means elsewhere", async () => {
  expect(await times({ cron: "15 */8 * * mon-fri", ...berlin }, "2027-01-01T00:00Z", "2027-01-04T12:00Z")).toEqual([
    "2027-01-01T07:15",
    "2027-01-01T15:15",
    "2027-01-03T23:15",
    "2027-01-04T07:15",
  ]);
  expect(await times({ cron: "0 0 1 jan,7 *" }, "2026-12-31T00:00Z", "2028-01-01T12:00Z")).toEqual([
    "2027-01-01T00:00",
    "2027-07-01T00:00",
    "2028-01-01T00:00",
  ]);
  expect(await times({ cron: "0 0 * * 7" }, "2027-01-01T00:00Z", "2027-01-09T00:00Z")).toEqual(["2027-01-03T00:00"]);
});
