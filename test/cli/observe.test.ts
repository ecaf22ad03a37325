import { type Client, QueryNotRegisteredError, type WorkflowHandle } from "@temporalio/client";
import { expect, test } from "vitest";
import { describeRun, readRecord } from "../../src/cli/observe.ts";

/** A client that never connects: what the handle answers is all that counts. */
const client = { withDeadline: (_: number, ask: () => Promise<unknown>) => ask() } as unknown as Client;

function answering(error: Error): WorkflowHandle {
  const refuse = () => Promise.reject(error);
  return { workflowId: "drill-1", query: refuse, describe: refuse } as unknown as WorkflowHandle;
}

const away = Object.assign(new Error("14 UNAVAILABLE"), { code: 14 });

test("a run that failed before it had a record has none", async () => {
  // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- gRPC's enum, which the SDK does not export
  const unknown = new QueryNotRegisteredError("did not find handler for query record", 3);
  expect(await readRecord(client, answering(unknown))).toBeNull();
});

test("a server that is away is no answer", async () => {
  expect(await readRecord(client, answering(away))).toBeNull();
  expect(await describeRun(client, answering(away))).toBeNull();
});

test("any other error is a defect", async () => {
  await expect(readRecord(client, answering(new TypeError("x is undefined")))).rejects.toThrow(TypeError);
});
