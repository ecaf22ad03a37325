import { type AddressInfo, createServer } from "node:net";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { renderHtml } from "../../src/report/html.ts";
import { renderMarkdown } from "../../src/report/markdown.ts";
import { canariesIn, canary } from "../support/canaries.ts";
import { stepFailure } from "../support/fake-activities.ts";
import { answers, startHttp, startSmtp } from "../support/notice-servers.ts";
import { secret } from "../support/notices.ts";
import { twoComponents } from "../support/plans.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";
import { type Trial, tryWorkflow } from "../support/workflow-rig.ts";

let temporal: TestTemporal;
beforeAll(async () => (temporal = await connectTest()));
afterAll(() => temporal.close());

const servers: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
async function serve<T extends { close: () => Promise<void> }>(server: Promise<T>): Promise<T> {
  servers.push(await server);
  return await server;
}

const input = { plan: "both", by: "anna", reason: "test", components: ["shop"] };
const failingOnce = {
  "backup/shop": (call: number) => {
    if (call === 1) throw stepFailure("DISK_FULL", "no space left");
    return undefined;
  },
};
const exercise = (notify: object[], use: (trial: Trial) => Promise<void>, behaviours = {}, more = {}) =>
  tryWorkflow(temporal, "exercise", { plan: twoComponents({ notify, ...more }), input, behaviours }, use);
const titles = (got: { body: string }[]) =>
  got.map(({ body }) => (JSON.parse(body) as { message: string }).message.split("\n")[0]);
const lengthOf = async ({ handle }: Trial) => (await handle.describe()).historyLength;

test("a run tells that it begins, waits for a decision, for approvals, and how it has ended", async () => {
  const hook = await serve(startHttp());
  const notify = [
    { kind: "webhook", url: secret("HOOK", hook.url()) },
    { kind: "webhook", url: { env: "HOOK" }, on: ["end"] },
  ];
  const use = async (trial: Trial) => {
    await trial.until("backup/shop", "waiting");
    await expect.poll(() => hook.got.length, { timeout: 10_000 }).toBe(2);
    await trial.decide("backup/shop", "retry");
    await trial.until("approve/destroy", "waiting");
    await expect.poll(() => hook.got.length, { timeout: 10_000 }).toBe(3);
    await trial.handle.executeUpdate("approve", { args: [{ by: "bert", reason: "agreed" }] });
    const { type, record } = await trial.end();
    expect(type).toBe("PASS");
    expect(titles(hook.got)).toEqual([
      "exercise of both has begun",
      "Waiting for a person: exercise of both at backup/shop",
      "Waiting for a person: exercise of both at approve/destroy",
      "PASS: exercise of both",
      "PASS: exercise of both",
    ]);
    expect(hook.got[1]!.body).toContain("DISK_FULL: no space left");
    expect(hook.got[2]!.body).toContain("0 of 1");
    expect(JSON.parse(hook.got[3]!.body)).toMatchObject({ verdict: "PASS", rtoSeconds: record.rto.seconds });
    expect(
      record.notices.map(({ event, step, entry, sent, failed, why }) => [event, step, entry, sent, failed, why]),
    ).toEqual([
      ["start", null, 0, 1, 0, null],
      ["waiting", "backup/shop", 0, 1, 0, null],
      ["waiting", "approve/destroy", 0, 1, 0, null],
      ["end", null, 0, 1, 0, null],
      ["end", null, 1, 1, 0, null],
    ]);
    expect(renderMarkdown(record)).not.toContain("not sent");
  };
  await exercise(notify, use, failingOnce, { approvals: { destroy: 1 } });
});

test("a run passes although every notice fails, and is hardly held up; the report says which", async () => {
  const [hanging, broken] = [await serve(startHttp(answers.hangs)), await serve(startHttp(answers.status(500)))];
  const mail = await serve(startSmtp({ login: ["dr", "another"], hideSTARTTLS: true, allowInsecureAuth: true }));
  const email = { kind: "email", host: "127.0.0.1", port: mail.port, from: "a@x.org", to: ["b@x.org"] };
  const notify = [
    { kind: "slack", webhook: secret("CLOSED", `http://127.0.0.1:${await closedPort()}/`) },
    { kind: "discord", webhook: secret("HANGING", hanging.url()) },
    { kind: "webhook", url: secret("BROKEN", broken.url()) },
    { ...email, tls: "none", user: "dr", password: secret("WORD", "wrong") },
    { kind: "slack", webhook: { env: "FIREDRILL_NOBODY_SETS_IT" } },
  ];
  await exercise(notify, async (trial) => {
    const { type, record } = await trial.end();
    expect(type).toBe("PASS");
    const { closeTime } = await trial.handle.describe();
    const held = closeTime!.getTime() - Date.parse(record.endedAt!);
    expect(held).toBeLessThan(30_000);
    const whys = record.notices.filter(({ event }) => event === "start").map(({ why }) => why);
    expect(whys).toEqual([
      "it cannot be reached (ECONNREFUSED)",
      expect.stringMatching(/ETIMEDOUT|not taken before the run ended/),
      "it answers with HTTP status 500",
      "the SMTP server answers with 535 (EAUTH)",
      "the worker has no environment variable FIREDRILL_NOBODY_SETS_IT",
    ]);
    const ends = record.notices.filter(({ event }) => event === "end");
    expect(ends.map(({ sent }) => sent === 1)).toEqual([false, false, false, false, false]);
    for (const report of [renderMarkdown(record), renderHtml(record)]) {
      expect(report).toContain("1 of 1 not sent: it answers with HTTP status 500");
      expect(report).toMatch(/notify\\?\[2\\?\]: end/);
    }
  });
}, 90_000);

test("waiting costs the same few events however many reminders: a month of them stays below 500", async () => {
  const hook = await serve(startHttp());
  const notify = [{ kind: "webhook", url: secret("HOOK", hook.url()), on: ["waiting"], reminders: "1s" }];
  let whole = 0;
  let waited = 0;
  const use = async (trial: Trial) => {
    await trial.until("backup/shop", "waiting");
    await expect.poll(() => hook.got.length, { timeout: 10_000 }).toBe(1);
    const before = await lengthOf(trial);
    await expect.poll(() => hook.got.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(5);
    // Queries, such as a person's look at it, cost nothing either.
    await trial.record();
    waited = (await lengthOf(trial)) - before;
    await trial.decide("backup/shop", "retry");
    const { record } = await trial.end();
    const reminders = hook.got.length - 1;
    expect(record.notices[0]).toMatchObject({ sent: reminders + 1, failed: 0 });
    whole = await lengthOf(trial);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(hook.got.length, "no reminder after the answer").toBe(reminders + 1);
  };
  await exercise(notify, use, failingOnce);
  let quiet = 0;
  const alone = async (trial: Trial) => {
    await trial.until("backup/shop", "waiting");
    await trial.decide("backup/shop", "retry");
    await trial.end();
    quiet = await lengthOf(trial);
  };
  await tryWorkflow(temporal, "exercise", { input, behaviours: failingOnce }, alone);
  expect(waited, "events for four reminders").toBe(0);
  expect(whole - quiet, "events of the whole waiting and the end, for one entry").toBeLessThanOrEqual(20);
  expect(whole + (waited / 4) * 180).toBeLessThan(500);
});

test("a cancelled run tells of it, the reminders end, and what was on its way still arrives", async () => {
  const hook = await serve(startHttp());
  const slow = await serve(startHttp(answers.status(500), answers.status(500), answers.ok));
  const notify = [
    { kind: "webhook", url: secret("HOOK", hook.url()) },
    { kind: "webhook", url: secret("SLOW", slow.url()), on: ["start"] },
  ];
  const use = async (trial: Trial) => {
    await trial.until("backup/shop", "waiting");
    await expect.poll(() => hook.got.length, { timeout: 10_000 }).toBe(2);
    await trial.handle.cancel();
    const { record } = await trial.end();
    expect(record.status).toBe("cancelled");
    expect(titles(hook.got).at(-1)).toBe("INCONCLUSIVE: exercise of both");
    expect(hook.got).toHaveLength(3);
    expect(record.notices[1]).toMatchObject({ event: "start", entry: 1, sent: 1, failed: 0 });
  };
  await exercise(notify, use, failingOnce);
});

test("nobody is reminded of a run that is said to be over", async () => {
  const hook = await serve(startHttp());
  const notify = [{ kind: "webhook", url: secret("HOOK", hook.url()), on: ["waiting", "end"], reminders: "1s" }];
  const use = async (trial: Trial) => {
    await trial.until("backup/shop", "waiting");
    await expect.poll(() => hook.got.length, { timeout: 10_000 }).toBe(3);
    await trial.decide("backup/shop", "abort");
    const { record } = await trial.end();
    expect(titles(hook.got).at(-1)).toBe(`${record.verdict}: exercise of both`);
    const events = (await trial.handle.fetchHistory()).events ?? [];
    const begun = (id: string) =>
      events.find(({ activityTaskScheduledEventAttributes: about }) => about?.activityId?.startsWith(id))!.eventId!;
    const remindersEnd = events.findIndex(({ activityTaskCompletedEventAttributes: about }) =>
      about?.scheduledEventId?.eq(begun("notify/waiting")),
    );
    expect(remindersEnd, "the last reminder is before the end").toBeLessThan(begun("notify/end").toNumber() - 1);
    const held = (await trial.handle.describe()).closeTime!.getTime() - Date.parse(record.endedAt!);
    expect(held, "milliseconds that the run was held up").toBeLessThan(6_000);
  };
  await exercise(notify, use, failingOnce);
});

test("no secret of a notice is in the history, the description or the record of its run", async () => {
  const [token, key, word] = [canary("token"), canary("key"), canary("word")];
  const hook = await serve(startHttp(answers.repeats));
  const mail = await serve(startSmtp({ login: ["dr", "another"], hideSTARTTLS: true, allowInsecureAuth: true }));
  const address = secret("HOOK", hook.url(`/services/${token.secret}?key=${token.secret}`));
  const notify = [
    { kind: "slack", webhook: address },
    { kind: "discord", webhook: address },
    { kind: "webhook", url: address, secret: secret("HOOK_KEY", key.secret) },
    {
      kind: "email",
      host: "127.0.0.1",
      port: mail.port,
      tls: "none",
      from: "a@x.org",
      to: ["b@x.org"],
      user: "dr",
      password: secret("WORD", word.secret),
    },
  ];
  const use = async (trial: Trial) => {
    await trial.until("backup/shop", "waiting");
    const beat = async () => JSON.stringify((await trial.handle.describe()).raw.pendingActivities);
    await expect.poll(beat, { timeout: 10_000 }).toContain("heartbeatDetails");
    await expect.poll(() => hook.got.length, { timeout: 10_000 }).toBe(6);
    const description = (await trial.handle.describe()).raw;
    await trial.decide("backup/shop", "retry");
    const { record } = await trial.end();
    expect(record.notices.filter(({ failed }) => failed === 1)).toHaveLength(12);
    const left = [await trial.handle.fetchHistory(), description, record, renderHtml(record)];
    expect(canariesIn(left, [token, key, word])).toEqual([]);
    expect(canariesIn(hook.got, [token])).toEqual(["token"]);
  };
  await exercise(notify, use, failingOnce);
});

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
