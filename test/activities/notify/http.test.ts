import { createHmac } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { post, webAddress } from "../../../src/activities/notify/http.ts";
import { canariesIn, canary } from "../../support/canaries.ts";
import { answers, startHttp } from "../../support/notice-servers.ts";
import { begun, ended, secret, tell, waiting } from "../../support/notices.ts";

const servers: { close: () => Promise<void> }[] = [];
async function serve(...script: Parameters<typeof startHttp>) {
  const server = await startHttp(...script);
  servers.push(server);
  return server;
}
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const link = "http://temporal.lan:8080/namespaces/default/workflows/drill%2F1/0199f3a2-5c1e-7d44-9a30-5a8f0f8f2b11";
const sent = { sent: 1, failed: 0, why: null };

test("Slack gets a short text with verdict, times, reason and link, in which nothing calls people", async () => {
  const server = await serve();
  const webhook = secret("HOOK", server.url("/services/T0/B0/x"));
  const facts = { ...ended, summary: "shop <!channel> & more" };
  expect(await tell({ kind: "slack", webhook }, facts).outcome).toEqual(sent);
  expect(server.got.map(({ path }) => path)).toEqual(["/services/T0/B0/x"]);
  expect(JSON.parse(server.got[0]!.body)).toEqual({
    text: `FAIL: exercise of homelab\nshop &lt;!channel&gt; &amp; more\nRTO 1m 12s of 1m\nRPO 7.7s\n${link}`,
  });
});

test("Discord gets the same and calls nobody; without a UI the command is the link", async () => {
  const server = await serve(answers.status(204));
  const webhook = secret("HOOK", server.url());
  expect(await tell({ kind: "discord", webhook }, begun, { config: {} }).outcome).toEqual(sent);
  expect(JSON.parse(server.got[0]!.body)).toEqual({
    content:
      "exercise of homelab has begun\nscenario database, started by anna: monthly drill\nfiredrill status drill/1",
    allowed_mentions: { parse: [] },
  });
});

test("a webhook gets JSON whose signature holds for this body and this time alone", async () => {
  const server = await serve();
  const key = "k3y of the receiver";
  const channel = { kind: "webhook", url: secret("HOOK", server.url("/in")), secret: secret("HOOK_KEY", key) };
  expect(await tell(channel, ended).outcome).toEqual(sent);
  const { body, headers } = server.got[0]!;
  expect(JSON.parse(body)).toEqual({
    version: 1,
    id: "0199f3a2-5c1e-7d44-9a30-5a8f0f8f2b11/end//2026-11-21T03:00:00.000Z/0",
    event: "end",
    at: ended.at,
    plan: "homelab",
    run: {
      workflowId: "drill/1",
      runId: "0199f3a2-5c1e-7d44-9a30-5a8f0f8f2b11",
      type: "exercise",
      scenario: "database",
      by: "anna",
      reason: "monthly drill",
    },
    status: "done",
    verdict: "FAIL",
    rtoSeconds: 72.4,
    rpoSeconds: 7.7,
    waiting: null,
    link,
    message: expect.stringMatching(/^FAIL: exercise of homelab\n/) as string,
  });
  const timestamp = String(headers["x-firedrill-timestamp"]);
  expect(Math.abs(Number(timestamp) - Date.now() / 1_000)).toBeLessThan(60);
  const sign = (at: string, text: string) =>
    `sha256=${createHmac("sha256", key).update(`${at}.${text}`).digest("hex")}`;
  expect(headers["x-firedrill-signature"]).toBe(sign(timestamp, body));
  expect(headers["x-firedrill-signature"]).not.toBe(sign(String(Number(timestamp) + 1), body));
});

test("without a key nothing is signed", async () => {
  const server = await serve();
  await tell({ kind: "webhook", url: secret("HOOK", server.url()) }, ended).outcome;
  expect(Object.keys(server.got[0]!.headers).filter((name) => name.startsWith("x-"))).toEqual([]);
});

test("a server that is broken for the moment is asked again, and the second message says that it is the same", async () => {
  const server = await serve(answers.status(500), answers.closes, answers.ok);
  expect(await tell({ kind: "webhook", url: secret("HOOK", server.url()) }, begun).outcome).toEqual(sent);
  const ids = server.got.map(({ body }) => (JSON.parse(body) as { id: string }).id);
  expect(ids).toHaveLength(3);
  expect(new Set(ids).size).toBe(1);
}, 30_000);

test("one that asks to be left alone is", async () => {
  const server = await serve(answers.status(429, { "retry-after": "3" }), answers.ok);
  expect(await tell({ kind: "slack", webhook: secret("HOOK", server.url()) }, begun).outcome).toEqual(sent);
  expect(server.got[1]!.at - server.got[0]!.at).toBeGreaterThanOrEqual(2_900);
}, 30_000);

test("after four attempts it is given up, and the result says why", async () => {
  const server = await serve(answers.status(503));
  const outcome = await tell({ kind: "slack", webhook: secret("HOOK", server.url()) }, begun).outcome;
  expect(outcome).toEqual({ sent: 0, failed: 1, why: "it answers with HTTP status 503" });
  expect(server.got).toHaveLength(4);
}, 40_000);

test("one that does not want it is asked once, and a redirect is not followed", async () => {
  const elsewhere = await serve();
  const server = await serve(answers.status(302, { location: elsewhere.url() }));
  const outcome = await tell({ kind: "slack", webhook: secret("HOOK", server.url()) }, begun).outcome;
  expect(outcome).toEqual({ sent: 0, failed: 1, why: "it answers with HTTP status 302" });
  expect([server.got.length, elsewhere.got.length]).toEqual([1, 0]);
});

test("one that hangs is left after ten seconds", async () => {
  const server = await serve(answers.hangs);
  const trouble = await post(await webAddress(secret("HOOK", server.url())), "{}", {}, new AbortController().signal);
  expect(trouble).toEqual({ why: "it cannot be reached (ETIMEDOUT)", again: true });
}, 30_000);

test("one where nothing listens, and a port that HTTP never speaks to: both are said", async () => {
  const closed = await startHttp();
  await closed.close();
  const told = async (url: string) =>
    await post(await webAddress(secret("HOOK", url)), "{}", {}, new AbortController().signal);
  expect(await told(closed.url())).toEqual({ why: "it cannot be reached (ECONNREFUSED)", again: true });
  const why = "its port 25 is never spoken to by HTTP";
  expect(await told("http://127.0.0.1:25/services/T0/B0/x")).toEqual({ why, again: false });
});

test("no part of an address or a key is in a result or heartbeat, whatever the server repeats", async () => {
  const [token, key] = [canary("token"), canary("key")];
  const server = await serve(answers.repeats);
  const url = secret("HOOK", server.url(`/hooks/${token.secret}?key=${token.secret}`));
  const channel = { kind: "webhook", url, secret: secret("HOOK_KEY", key.secret) };
  // What a person or a program has put into the texts by mistake does not go out either.
  const why = `PROGRAM_FAILED: curl ${server.url(`/hooks/${token.secret}`)} with ${key.secret} failed`;
  const told = tell(channel, waiting({ waiting: { step: "restore/shop", why, hint: "" } }));
  await expect.poll(() => server.got.length).toBe(1);
  told.environment.cancel("CANCELLED", { cancelRequested: true } as never);
  const outcome = await told.outcome;
  expect(outcome).toEqual({ sent: 0, failed: 1, why: "it answers with HTTP status 400" });
  expect(told.beats.length).toBeGreaterThan(0);
  expect(canariesIn([outcome, told.beats, server.got[0]!.body], [token, key])).toEqual([]);
  expect(canariesIn(server.got[0], [token, key])).toEqual(["token"]);
});

test.each([
  ["file:///etc/passwd", "its address is no http:// or https:// address"],
  ["not an address", "its address is no http:// or https:// address"],
  ["http://me:word@127.0.0.1:1/", "its address is no http:// or https:// address"],
  ["", "the worker has no environment variable HOOK"],
])("%j is not asked", async (address, why) => {
  const { outcome } = tell({ kind: "slack", webhook: secret("HOOK", address) }, begun);
  expect(await outcome).toEqual({ sent: 0, failed: 1, why });
});
