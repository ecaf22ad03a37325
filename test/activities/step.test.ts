import type { Client } from "@temporalio/client";
import { type ApplicationFailure, CancelledFailure } from "@temporalio/common";
import { MockActivityEnvironment } from "@temporalio/testing";
import { mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type StepContext, stepActivity } from "../../src/activities/step.ts";
import type { RunRef } from "../../src/activities/verbs.ts";
import type { Config } from "../../src/config.ts";
import { fail } from "../../src/failures.ts";
import { resolveSecret } from "../../src/secrets.ts";

let state: string;
beforeAll(async () => void (state = await mkdtemp(join(tmpdir(), "steps-"))));
afterAll(() => rm(state, { recursive: true }));

let count = 0;
const ref = (tryNo = 0, id = `run-${(count += 1)}`): RunRef => ({
  id,
  short: "0",
  plan: "p",
  planSha256: "",
  type: "exercise",
  scenario: "none",
  nonce: "n",
  startedAt: "",
  tryNo,
});

async function run(
  code: (context: StepContext) => Promise<unknown>,
  { reference = ref(), environment = new MockActivityEnvironment({ activityId: "backup/shop" }) } = {},
) {
  const activity = stepActivity({ state, plans: state } as Config, {} as Client, (_: { run: RunRef }, context) =>
    code(context),
  );
  return environment.run(activity, { run: reference });
}

const failureOf = async (code: (context: StepContext) => Promise<unknown>) =>
  (await run(code).catch((error: unknown) => error)) as ApplicationFailure;

test("a step returns its value and its one attempt", async () => {
  expect(await run(() => Promise.resolve(7))).toMatchObject({ value: 7, attempts: [{ outcome: "ran" }] });
});

test("no sign of life is written over what a step has returned", async () => {
  const { promise: ends, resolve: end } = Promise.withResolvers<void>();
  const references = Array.from({ length: 20 }, () => ref());
  const steps = references.map((reference, n) =>
    run(
      async () => {
        await ends;
        return n;
      },
      { reference },
    ),
  );
  await new Promise((resolve) => setTimeout(resolve, 300));
  end();
  // The next sign of life is due when they have ended and their end is being written.
  for (const busyUntil = performance.now() + 400; performance.now() < busyUntil;);
  await Promise.all(steps);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const results = references.map(async (one) => {
    const [noted] = JSON.parse(await readFile(attemptsOf(one), "utf8")) as { result?: number }[];
    return noted!.result;
  });
  expect(await Promise.all(results)).toEqual(references.map((_, n) => n));
});

/** The file in which a step's attempts are noted. */
const attemptsOf = ({ id }: RunRef) => join(state, "runs", id, "attempts", "backup.shop.0.json");

test("an attempt that never said how it ended has died at its last sign of life, as the next one finds", async () => {
  const [first, reference] = [ref(), ref()];
  let asLeft = "";
  let lastSign = new Date();
  const code = async () => {
    asLeft = await readFile(attemptsOf(first), "utf8");
    await new Promise((resolve) => setTimeout(resolve, 700));
    lastSign = (await stat(attemptsOf(first))).mtime;
  };
  await run(code, { reference: first });
  const { startedAt } = (JSON.parse(asLeft) as { startedAt: string }[])[0]!;
  expect(lastSign.getTime() - Date.parse(startedAt)).toBeGreaterThan(300);
  await mkdir(dirname(attemptsOf(reference)), { recursive: true });
  await writeFile(attemptsOf(reference), asLeft);
  await utimes(attemptsOf(reference), lastSign, lastSign);
  const second = await run(() => Promise.resolve(7), { reference });
  const died = { outcome: "died", startedAt, endedAt: lastSign.toISOString() };
  expect(second).toMatchObject({ attempts: [died, { outcome: "ran" }] });

  await writeFile(attemptsOf(reference), asLeft);
  const before = new Date(Date.parse(startedAt) - 4);
  await utimes(attemptsOf(reference), before, before);
  const third = await run(() => Promise.resolve(7), { reference });
  expect(third, "died at once").toMatchObject({ attempts: [{ ...died, endedAt: startedAt }, { outcome: "ran" }] });
});

test("an attempt waits until the one before in the same worker has let go", async () => {
  const reference = ref();
  const order: string[] = [];
  const letGo = Promise.withResolvers<void>();
  const first = run(
    async () => {
      order.push("first begins");
      await letGo.promise;
      return order.push("first ends");
    },
    { reference },
  );
  await expect.poll(() => order).toEqual(["first begins"]);
  const second = run(() => Promise.resolve(order.push("second")), { reference });
  letGo.resolve();
  await Promise.all([first, second]);
  expect(order).toEqual(["first begins", "first ends", "second"]);
});

test("a decision to retry starts a new count", async () => {
  const reference = ref();
  await run(() => Promise.reject(fail("DISK_FULL", "no space")), { reference }).catch(() => "expected");
  expect(await run(() => Promise.resolve(7), { reference: { ...reference, tryNo: 1 } })).toMatchObject({
    attempts: [{ outcome: "ran" }],
  });
});

test("a failure of ours goes to the gate with type, message, hint and facts", async () => {
  const failure = await failureOf(() =>
    Promise.reject(fail("DISK_FULL", "no space left for /x", "Make room.", { bytes: 1 })),
  );
  expect(failure).toMatchObject({ type: "DISK_FULL", message: "no space left for /x", nonRetryable: true });
  expect(failure.details![0]).toMatchObject({ hint: "Make room.", bytes: 1, attempts: [{ outcome: "failed" }] });
});

test("an unexpected error is not retried for ever, and takes no cause or stack with it", async () => {
  const failure = await failureOf(() =>
    Promise.reject(new TypeError("x is undefined", { cause: new Error("secret of the cause") })),
  );
  expect(failure).toMatchObject({ type: "UNEXPECTED", message: "x is undefined", nonRetryable: true });
  expect(failure.cause).toBeUndefined();
  expect(JSON.stringify(failure.details)).not.toContain("secret of the cause");
});

test("no secret leaves in a message or a hint", async () => {
  process.env.FIREDRILL_TEST_STEP = "hunter22";
  const failure = await failureOf(async () => {
    const secret = await resolveSecret({ env: "FIREDRILL_TEST_STEP" });
    throw fail("PROGRAM_FAILED", `psql: ${secret} is wrong`, `not ${secret}`);
  });
  expect(failure.message).toBe("psql: *** is wrong");
  expect(JSON.stringify(failure.details)).not.toContain("hunter22");
});

test("a cancelled step ends as cancelled, whatever its code threw", async () => {
  const environment = new MockActivityEnvironment({ activityId: "backup/shop" });
  const running = run(
    (context) =>
      new Promise((_, reject) =>
        context.signal.addEventListener("abort", () => reject(new Error("connection closed"))),
      ),
    { environment },
  );
  setTimeout(() => environment.cancel("CANCELLED"), 50);
  await expect(running).rejects.toBeInstanceOf(CancelledFailure);
});
