import { CancelledFailure } from "@temporalio/common";
import { afterEach, expect, test } from "vitest";
import { startHttp } from "../../support/notice-servers.ts";
import { secret, tell, waiting } from "../../support/notices.ts";

const servers: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function start(facts: ReturnType<typeof waiting>, reminders: string, more?: Parameters<typeof tell>[2]) {
  const server = await startHttp();
  servers.push(server);
  const told = tell({ kind: "webhook", url: secret("HOOK", server.url()), reminders }, facts, more);
  const numbers = () =>
    server.got.map(({ body }) => (JSON.parse(body) as { waiting: { reminder: number } }).waiting.reminder);
  return { ...told, got: server.got, numbers };
}
const now = () => new Date().toISOString();
const decided = { cancelRequested: true } as never;

test("reminders come when they are due, until somebody answers", async () => {
  const at = now();
  const told = await start(waiting({ at }), "1s");
  await expect.poll(told.numbers, { timeout: 20_000 }).toEqual([0, 1, 2, 3]);
  told.environment.cancel("CANCELLED", decided);
  expect(await told.outcome).toEqual({ sent: 4, failed: 0, why: null });
  for (const [n, { at: came }] of told.got.entries()) {
    expect(came - Date.parse(at)).toBeGreaterThanOrEqual(n * 1_000);
    expect(came - Date.parse(at)).toBeLessThan((n + 2) * 1_000);
  }
  const { event, message } = JSON.parse(told.got[3]!.body) as Record<string, string>;
  expect(event).toBe("reminder");
  expect(message).toMatch(
    /^Still waiting for a person: exercise of homelab at restore\/shop\nfor 3\S*s, reminder 3\nDISK_FULL/,
  );
}, 30_000);

test("the next worker goes on where the dead one was, with one reminder in place of all that were missed", async () => {
  const at = new Date(Date.now() - 10.5 * 3_600_000).toISOString();
  const heartbeatDetails = { sent: 3, failed: 0, why: null, next: 3 };
  const told = await start(waiting({ at }), "1h", { heartbeatDetails });
  await expect.poll(told.numbers).toEqual([10]);
  await expect.poll(() => told.beats.at(-1)).toEqual({ sent: 4, failed: 0, why: null, next: 11 });
  told.environment.cancel("CANCELLED", decided);
  expect(await told.outcome).toEqual({ sent: 4, failed: 0, why: null });
});

test("a worker that stops leaves the reminders to the next one", async () => {
  const told = await start(waiting(), "1h");
  await expect.poll(told.numbers).toEqual([0]);
  told.environment.cancel("WORKER_SHUTDOWN", { workerShutdown: true } as never);
  await expect(told.outcome).rejects.toThrow(CancelledFailure);
});

test("an answer that is faster than the first word leaves a line that says so", async () => {
  const gone = await startHttp();
  await gone.close();
  const told = tell({ kind: "slack", webhook: secret("HOOK", gone.url()) }, waiting());
  await new Promise((resolve) => setTimeout(resolve, 300));
  told.environment.cancel("CANCELLED", decided);
  expect(await told.outcome).toEqual({ sent: 0, failed: 0, why: "it was over before it could be told" });
});
