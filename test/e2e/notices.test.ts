import { execa } from "execa";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunRecord } from "../../src/report/record.ts";
import { canariesBelow, canariesIn, canary } from "../support/canaries.ts";
import { createDrill, type Drill, pgdump } from "../support/drill.ts";
import { answers, startHttp, startSmtp } from "../support/notice-servers.ts";

/** A run that waits through the death of its worker; secrets of notices in each place where one can be. */
const [path, token, key, word] = ["path", "token", "key", "word"].map((name) => canary(name)) as [
  ReturnType<typeof canary>,
  ...ReturnType<typeof canary>[],
];
const all = [path, token!, key!, word!];
let drill: Drill;
let taking: Awaited<ReturnType<typeof startHttp>>;
let refusing: Awaited<ReturnType<typeof startHttp>>;
let mail: Awaited<ReturnType<typeof startSmtp>>;
const secrets = () => ({
  PAGER_URL: taking.url(`/in/${path.secret}`),
  PAGER_PHRASE: key!.secret,
  SLACK_ADDRESS: refusing.url(`/services/${path.secret}?key=${token!.secret}`),
  MAIL_WORD: word!.secret,
});
beforeAll(async () => {
  drill = await createDrill();
  taking = await startHttp();
  refusing = await startHttp(answers.repeats);
  mail = await startSmtp({ login: ["dr", "another"], hideSTARTTLS: true, allowInsecureAuth: true });
  const notify = [
    { kind: "webhook", url: { env: "PAGER_URL" }, secret: { env: "PAGER_PHRASE" }, reminders: "2s" },
    { kind: "slack", webhook: { env: "SLACK_ADDRESS" } },
    {
      kind: "email",
      host: "127.0.0.1",
      port: mail.port,
      tls: "none",
      user: "dr",
      password: { env: "MAIL_WORD" },
      from: "firedrill@example.org",
      to: ["oncall@example.org"],
    },
  ];
  const connection = { port: drill.server.port, password: { file: join(drill.directory, "nothing") } };
  await drill.plan(pgdump(drill, { connection }), { notify });
  await drill.configure({ ui: "http://temporal.lan:8080" });
  await drill.startWorker(secrets());
});
afterAll(async () => {
  await drill.remove();
  for (const server of [taking, refusing, mail]) await server.close();
});

const told = () =>
  taking.got.map(
    ({ body }) =>
      JSON.parse(body) as { event: string; link: string; verdict: string | null; waiting: { reminder: number } | null },
  );
const numbers = () => told().flatMap(({ waiting }) => waiting?.reminder ?? []);

test("reminders outlive the worker, cost no history, and end with the answer; no secret is left behind", async () => {
  const run = await drill.start("exercise", { scenario: "none" });
  await run.until("preflight/shop", "waiting");
  await expect.poll(numbers, { timeout: 20_000 }).toEqual([0, 1]);
  const length = async () => (await run.handle.describe()).historyLength;
  const before = await length();
  await drill.killWorker();
  await drill.startWorker(secrets());
  await expect.poll(() => Math.max(...numbers()), { timeout: 60_000 }).toBeGreaterThanOrEqual(5);
  expect(await length()).toBe(before);
  // The one that was on its way when the worker died may have come twice; none begins from the start again.
  expect(numbers()).toEqual(numbers().toSorted((a, b) => a - b));
  expect(numbers().filter((number) => number === 0)).toHaveLength(1);

  const { raw } = await run.handle.describe();
  await run.decide("preflight/shop", "abort");
  const record = await run.end();
  expect(told().map(({ event }) => event)).toEqual([
    "start",
    "waiting",
    ...numbers()
      .slice(1)
      .map(() => "reminder"),
    "end",
  ]);
  const { workflowId, firstExecutionRunId } = run.handle as typeof run.handle & { firstExecutionRunId: string };
  expect(told().at(-1)).toMatchObject({
    verdict: record.verdict,
    link: `http://temporal.lan:8080/namespaces/default/workflows/${workflowId}/${firstExecutionRunId}`,
  });
  expect(record.notices.filter(({ kind, failed }) => kind !== "webhook" && failed === 1)).toHaveLength(6);

  const file = join(record.directory, "report.json");
  await expect
    .poll(async () => (JSON.parse(await readFile(file, "utf8")) as RunRecord).notices)
    .toEqual(record.notices);
  const env = { FIREDRILL_CONFIG: join(drill.directory, "firedrill.yaml"), TEMPORAL_ADDRESS: drill.address };
  const { stdout } = await execa(process.execPath, ["bin/firedrill.js", "report", file, "--recheck"], { env });
  expect(stdout).toContain("agrees with itself and with the workflow in Temporal");

  const history = await run.handle.fetchHistory();
  expect(canariesIn([history, raw, record, await drill.workerLog(), stdout], all)).toEqual([]);
  expect(await canariesBelow(drill.directory, all)).toEqual([]);
  expect(canariesIn(taking.got, all)).toEqual(["path"]);
  expect(canariesIn(refusing.got, all)).toEqual(["path", "token"]);
});
