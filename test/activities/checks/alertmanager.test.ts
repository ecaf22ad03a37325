import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askOnce, askPatiently, noteBefore } from "../../../src/activities/checks/index.ts";
import type { Check } from "../../../src/plan/check-schema.ts";

/** Alerts of before may fire, others may not; what cannot be asked is no answer that passes. */

let server: Server;
let alerts: Record<string, string>[] = [];
let status = 200;
const around = { session: undefined, signal: new AbortController().signal };
const urlOf = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const check = (more: object = {}) =>
  ({ kind: "alertmanager", url: urlOf(), except: ["Watchdog"], within: 1, ...more }) as Check;

beforeAll(async () => {
  server = createServer((request, response) => {
    const isAsked = request.url === "/api/v2/alerts?active=true&silenced=false&inhibited=false";
    response.writeHead(isAsked ? status : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(alerts.map((labels) => ({ labels }))));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => void server.close());

const firing = (...names: string[]) => (alerts = names.map((alertname) => ({ alertname })));
const answer = async (noted: Awaited<ReturnType<typeof noteBefore>>) => (await askOnce(noted, around))[0]!;

test("alerts that fired before may fire, in whatever pod; a new one is named", async () => {
  alerts = [{ alertname: "Watchdog" }, { alertname: "DiskFull", namespace: "shop", pod: "shop-1" }];
  const noted = await noteBefore([check()], around);
  alerts = [{ alertname: "Watchdog" }, { alertname: "DiskFull", namespace: "shop", pod: "shop-2" }];
  expect(await answer(noted)).toMatchObject({
    ok: true,
    expected: expect.stringContaining("DiskFull (shop)") as string,
  });
  firing("DiskFull", "NodeDown");
  expect(await answer(noted)).toMatchObject({ ok: false, found: "firing: DiskFull, NodeDown" });
});

test("one that does not answer, or not well, does not pass", async () => {
  firing();
  const noted = await noteBefore([check()], around);
  expect(await answer(noted)).toMatchObject({ ok: true });
  status = 503;
  expect(await answer(noted)).toMatchObject({ ok: false, found: expect.stringContaining("status 503") as string });
  status = 200;
  const gone = await noteBefore([check({ url: "http://127.0.0.1:9" })], around);
  expect(await answer(gone)).toMatchObject({
    ok: false,
    found: expect.stringContaining("cannot be compared with before: Alertmanager at http://127.0.0.1:9") as string,
  });
});

test("what asks the cluster fails while there is none; equal checks have names of their own", async () => {
  const exec = { kind: "exec", namespace: "shop", workload: "deployment/shop", command: ["true"], within: 1 } as Check;
  const noted = await noteBefore([exec, exec], around);
  expect(noted.map(({ name }) => name)).toEqual(["true in shop/deployment/shop", "true in shop/deployment/shop (2)"]);
  for (const one of await askOnce(noted, around))
    expect(one).toMatchObject({ ok: false, found: "the cluster does not answer" });
});

test("a check is asked again until it passes, or its time is over", async () => {
  firing();
  const noted = await noteBefore([check({ within: 10_000 })], around);
  firing("NodeDown");
  const told: string[] = [];
  const asking = askPatiently(noted, around, (text) => {
    told.push(text);
    firing();
  });
  expect(await asking).toMatchObject([{ ok: true }]);
  expect(told).toEqual([expect.stringContaining("firing: NodeDown")]);
});
