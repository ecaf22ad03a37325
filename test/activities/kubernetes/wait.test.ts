import { expect, test } from "vitest";
import type { Mirror } from "../../../src/activities/kubernetes/mirror.ts";
import { waitUntil, type Waiting } from "../../../src/activities/kubernetes/wait.ts";

/** Waiting on a mirror that the test moves by hand. */

function handMirror() {
  let next = Promise.withResolvers<void>();
  let synced = true;
  let away: string | null = null;
  let failure: Error | undefined;
  const change = (how: () => void) => {
    how();
    next.resolve();
    next = Promise.withResolvers();
  };
  const mirror: Mirror = {
    objects: () => [],
    find: () => undefined,
    isSynced: () => synced,
    async changed() {
      await next.promise;
      if (failure !== undefined) throw failure;
    },
    away: () => away,
    stop: () => undefined,
  };
  return {
    mirror,
    wake: () => change(() => undefined),
    sync: (value: boolean) => change(() => (synced = value)),
    leave: (since: string | null) => change(() => (away = since)),
    fail: (error: Error) => change(() => (failure = error)),
  };
}
const after = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const nothing = () => undefined;
const forever = { withinMs: 60_000 };

test("it ends at the change after which the predicate holds, with what was found", async () => {
  const { mirror, wake } = handMirror();
  let found: string | undefined;
  const waiting = waitUntil(mirror, () => found, forever);
  await after(50);
  found = "it";
  const startedAt = performance.now();
  wake();
  expect(await waiting).toBe("it");
  expect(performance.now() - startedAt).toBeLessThan(500);
  expect(await waitUntil(mirror, () => 0, forever)).toBe(0);
});

test("before all is known nobody is asked", async () => {
  const { mirror, sync } = handMirror();
  sync(false);
  let asked = 0;
  const waiting = waitUntil(mirror, () => (asked += 1), forever);
  await after(50);
  expect(asked).toBe(0);
  sync(true);
  expect(await waiting).toBe(1);
  sync(false);
  await expect(waitUntil(mirror, () => 1, { what: "the shop", withinMs: 50 })).rejects.toMatchObject({
    type: "TIMED_OUT",
    message: "waited for the shop: the cluster could not be read within 50ms",
  });
});

test("standing still is told from moving too slowly", async () => {
  const { mirror, wake } = handMirror();
  let ready = 0;
  const options = (more: Partial<Waiting> = {}): Waiting => ({
    what: "the shop",
    withinMs: 400,
    stallMs: 150,
    progressKey: () => `${ready} of 9 ready`,
    ...more,
  });
  const startedAt = performance.now();
  await expect(waitUntil(mirror, nothing, options())).rejects.toMatchObject({
    type: "TIMED_OUT",
    message: expect.stringMatching(/^waited for the shop: standing still since \d{4}-.*Z: 0 of 9 ready$/) as unknown,
  });
  expect(performance.now() - startedAt).toBeLessThan(390);
  const timer = setInterval(() => {
    ready += 1;
    wake();
  }, 50);
  const told: string[] = [];
  const moving = waitUntil(mirror, nothing, options({ onProgress: (text) => told.push(text) }));
  await expect(moving).rejects.toMatchObject({
    type: "TIMED_OUT",
    message: expect.stringMatching(
      /the shop: still moving at \d{4}-.*Z, but not there within 400ms: \d of 9/,
    ) as unknown,
  });
  clearInterval(timer);
  expect(told.slice(0, 3)).toEqual(["0 of 9 ready", "1 of 9 ready", "2 of 9 ready"]);
  // A change that moves nothing is no progress.
  const noise = setInterval(wake, 20);
  await expect(waitUntil(mirror, nothing, options())).rejects.toThrow(/standing still/);
  clearInterval(noise);
});

test("no time counts in which the API server is away, from the moment on that it has been", async () => {
  const { mirror, leave } = handMirror();
  const told: string[] = [];
  const startedAt = performance.now();
  const waiting = waitUntil(mirror, nothing, {
    withinMs: 300,
    stallMs: 250,
    progressKey: () => "1 of 2",
    onProgress: (text) => told.push(text),
  });
  waiting.catch(() => "awaited below");
  await after(150);
  // It is noticed late.
  const since = new Date(Date.now() - 100).toISOString();
  leave(since);
  await after(600);
  leave(null);
  await expect(waiting).rejects.toThrow(/standing still/);
  const took = performance.now() - startedAt;
  expect(took).toBeGreaterThan(940);
  expect(took).toBeLessThan(1_400);
  expect(told).toEqual(["1 of 2", `the API server has not answered since ${since}`, "1 of 2"]);
});

test("what ends the mirror, or what the predicate throws, ends the wait", async () => {
  const { mirror, fail } = handMirror();
  const waiting = waitUntil(mirror, nothing, forever);
  fail(new Error("no right to watch"));
  await expect(waiting).rejects.toThrow("no right to watch");
  const broken = () => {
    throw new Error("the predicate is broken");
  };
  await expect(waitUntil(mirror, broken, forever)).rejects.toThrow("the predicate is broken");
});
