import type { ScheduleDescription, ScheduleUpdateOptions } from "@temporalio/client";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Plan } from "../../src/plan/schema.ts";
import { applySchedules } from "../../src/schedule/apply.ts";
import { define } from "../../src/schedule/define.ts";
import { findSchedules } from "../../src/schedule/find.ts";
import { scheduledPlan } from "../support/schedules.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";

let temporal: TestTemporal;
beforeAll(async () => (temporal = await connectTest()));
afterAll(() => temporal.close());

const made = new Set<string>();
afterEach(async () => {
  for (const id of made) await temporal.client.schedule.getHandle(id).delete();
  made.clear();
});

const taskQueue = "nobody-works-here";
const drill = { on: "first saturday", at: "03:00", timezone: "Europe/Berlin" };
const nightly = { run: "backup", name: "nightly", cron: "0 1 * * *" };

/** What it did, by the name of the schedule. */
async function apply(plan: Plan, queue = taskQueue): Promise<Record<string, string>> {
  const changes = await applySchedules(temporal.client, plan, queue);
  for (const { id, did } of changes)
    if (did === "deleted") made.delete(id);
    else made.add(id);
  return Object.fromEntries(changes.map(({ id, did }) => [id.slice(`firedrill/${plan.name}/`.length), did]));
}
const handle = (plan: Plan, name: string) => temporal.client.schedule.getHandle(`firedrill/${plan.name}/${name}`);
/** The server's list lags behind what was done. */
const isListed = (plan: Plan, ...names: string[]) =>
  expect
    .poll(async () =>
      (await findSchedules(temporal.client, taskQueue, { plan: plan.name })).map(({ scheduleId }) => scheduleId),
    )
    .toEqual(names.map((name) => `firedrill/${plan.name}/${name}`));

test("a plan's schedules are on the server as the plan says, and a second time changes nothing", async () => {
  const plan = scheduledPlan([{ ...drill, scenario: "none", within: "1h" }, nightly]);
  expect(await apply(plan)).toEqual({ exercise: "created", nightly: "created" });
  const before = await handle(plan, "exercise").describe();
  expect(before).toMatchObject({
    spec: { timezone: "Europe/Berlin", calendars: [{ comment: "first saturday at 03:00" }] },
    policies: { overlap: "SKIP", catchupWindow: 3_600_000, pauseOnFailure: false },
    action: {
      workflowType: "exercise",
      taskQueue,
      workflowId: `exercise.${plan.name}`,
      args: [
        {
          plan: plan.name,
          scenario: "none",
          by: "schedule exercise",
          reason: "first saturday at 03:00 Europe/Berlin",
          scheduled: true,
        },
      ],
    },
    state: { paused: false, note: `exercise of plan ${plan.name}, first saturday at 03:00 Europe/Berlin` },
    memo: { plan: plan.name },
  });
  expect((await handle(plan, "nightly").describe()).action).toMatchObject({
    workflowType: "backup",
    args: [{ by: "schedule nightly" }],
  });
  expect(await apply(plan)).toEqual({ exercise: "unchanged", nightly: "unchanged" });
  expect((await handle(plan, "exercise").describe()).info.lastUpdatedAt).toEqual(before.info.lastUpdatedAt);
});

test("what the plan says otherwise is set right, and what it no longer has is deleted", async () => {
  const plan = scheduledPlan([drill, nightly]);
  await apply(plan);
  await isListed(plan, "exercise", "nightly");
  expect(await apply(scheduledPlan({ ...drill, at: "04:30" }, plan.name))).toEqual({
    exercise: "updated",
    nightly: "deleted",
  });
  const { spec, action } = await handle(plan, "exercise").describe();
  expect(spec.calendars?.[0]).toMatchObject({ hour: [{ start: 4 }], minute: [{ start: 30 }] });
  expect(action.args).toMatchObject([{ reason: "first saturday at 04:30 Europe/Berlin" }]);
  await isListed(plan, "exercise");
  expect(await apply(scheduledPlan(undefined, plan.name))).toEqual({ exercise: "deleted" });
  await isListed(plan);
});

test("schedules of other plans, and others of this server, stay", async () => {
  const [plan, other] = [scheduledPlan(drill), scheduledPlan(drill)];
  // The name of one is the beginning of the other's.
  const longer = scheduledPlan(nightly, `${plan.name}-2`);
  for (const one of [plan, other, longer]) await apply(one);
  await isListed(longer, "nightly");
  expect(await apply(scheduledPlan(undefined, plan.name))).toEqual({ exercise: "deleted" });
  for (const [one, name] of [
    [other, "exercise"],
    [longer, "nightly"],
  ] as const)
    expect((await handle(one, name).describe()).scheduleId).toContain(one.name);
});

const changes: [string, (one: ScheduleDescription) => Partial<ScheduleUpdateOptions>][] = [
  ["its times", () => ({ spec: { cronExpressions: ["0 5 * * *"], timezone: "Europe/Berlin" } })],
  ["its time zone", ({ spec }) => ({ spec: { ...spec, timezone: "Europe/Paris" } })],
  ["times that are left out", ({ spec }) => ({ spec: { ...spec, skip: [{ month: "JULY" }] } })],
  ["what happens when two meet", ({ policies }) => ({ policies: { ...policies, overlap: "ALLOW_ALL" } })],
  ["how late it may be", ({ policies }) => ({ policies: { ...policies, catchupWindow: "365 days" } })],
  ["what it starts", ({ action }) => ({ action: { ...action, args: [{ plan: "another" }] } })],
  ["how often it may start it", ({ state }) => ({ state: { ...state, remainingActions: 3 } })],
];

test.each(changes)("somebody changed %s by hand: it is set right", async (_name, change) => {
  const plan = scheduledPlan(drill);
  await apply(plan);
  await handle(plan, "exercise").update((one) => {
    const { spec, action, policies, state } = one;
    return { spec, action, policies, state, ...change(one) };
  });
  expect(await apply(plan)).toEqual({ exercise: "updated" });
  expect(await apply(plan)).toEqual({ exercise: "unchanged" });
});

test("a schedule that was paused stays so, and says by whom", async () => {
  const plan = scheduledPlan(drill);
  await apply(plan);
  await handle(plan, "exercise").pause("paused by anna: the storage is being moved");
  expect(await apply(plan)).toEqual({ exercise: "unchanged" });
  expect(await apply(scheduledPlan({ ...drill, at: "05:00" }, plan.name))).toEqual({ exercise: "updated" });
  const { state } = await handle(plan, "exercise").describe();
  expect(state).toMatchObject({ paused: true, note: "paused by anna: the storage is being moved" });
});

test("a schedule of another worker is neither changed, nor deleted, nor listed", async () => {
  const plan = scheduledPlan([drill, nightly]);
  await apply(plan, "another-queue");
  await expect(apply(plan)).rejects.toMatchObject({
    type: "REQUEST_INVALID",
    message: expect.stringContaining("starts runs on task queue another-queue") as string,
  });
  expect(await apply(scheduledPlan(undefined, plan.name))).toEqual({});
  await isListed(plan);
  expect((await handle(plan, "nightly").describe()).action.taskQueue).toBe("another-queue");
});

test("a time zone that the server does not know is told", async () => {
  const plan = scheduledPlan(drill);
  // A server may know fewer than we do.
  Object.assign(plan.schedule!, { timezone: "Mars/Olympus" });
  await expect(apply(plan)).rejects.toMatchObject({
    type: "REQUEST_INVALID",
    message: `the Temporal server refuses schedule firedrill/${plan.name}/exercise: unknown time zone Mars/Olympus`,
  });
});

test("schedules whose plans and names are alike when they are put together begin runs of different IDs", async () => {
  const plan = scheduledPlan({ ...nightly, name: "nightly" }, "a-shop");
  const other = scheduledPlan({ ...nightly, name: "nightly-a" }, "shop");
  const ids = [plan, other].map((one) => define(one, "queue")[0]!.action.workflowId);
  expect(ids).toEqual(["nightly.a-shop", "nightly-a.shop"]);
});
