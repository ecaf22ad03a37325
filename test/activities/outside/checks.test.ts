import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkOutside } from "../../../src/activities/outside/checks.ts";
import type { StepContext } from "../../../src/activities/step.ts";

/** For how long a check from outside was not answered, by the answers that were kept since the loss. */

const server = createServer((_, answer) => answer.end("hello"));
let directory: string;
let url: string;
const at = (second: number) => new Date(Date.parse("2026-11-21T03:00:00Z") + second * 1_000).toISOString();
const lostAt = at(0);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "firedrill-outside-"));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const samples = [0, 1, 2, 3, 4, 5, 6].map((second) => ({ url, at: at(second), ok: second !== 1, found: "" }));
  await writeFile(join(directory, "probes-shop.jsonl"), samples.map((one) => `${JSON.stringify(one)}\n`).join(""));
});
afterAll(async () => {
  server.close();
  await rm(directory, { recursive: true });
});

async function downtime(dataAt?: string): Promise<number | null | undefined> {
  const component = { name: "shop", checks: [{ kind: "http" as const, url, status: 200 }] };
  const context = { directory, signal: AbortSignal.timeout(10_000) } as StepContext;
  const { checks, downtime } = await checkOutside(component, context, { lostAt, ...(dataAt && { dataAt }) });
  expect(checks).toMatchObject([{ name: url, passed: true }]);
  return downtime.downtimeSeconds;
}

test("it lasts from the first question in vain to the next answer", async () => {
  expect(await downtime()).toBe(1);
});

test("what answers before its data is back answers for nothing", async () => {
  expect(await downtime(at(5))).toBe(5);
});
