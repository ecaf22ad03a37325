import { createServer as createHttp2Server, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { Client, Connection } from "@temporalio/client";
import { afterAll, expect, test } from "vitest";
import { untilAnswered } from "../../src/temporal/until-answered.ts";

/** A server that answers everything with a bare status of gRPC. */
const servers: Http2Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

const unavailable = 14;
const permissionDenied = 7;
const unimplemented = 12;

async function clientOf(status: () => number): Promise<{ list: () => Promise<unknown>; close: () => Promise<void> }> {
  const server = createHttp2Server().on("stream", (stream) => {
    const headers = {
      ":status": 200,
      "content-type": "application/grpc",
      "grpc-status": status(),
      "grpc-message": "no",
    };
    stream.resume().on("end", () => stream.respond(headers, { endStream: true }));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const connection = Connection.lazy({ address, interceptors: [] });
  const { workflow } = new Client({ connection });
  return { list: async () => await workflow.list()[Symbol.asyncIterator]().next(), close: () => connection.close() };
}

const never = new AbortController().signal;

test("it asks a server that is away again, and says so", async () => {
  const statuses = [unavailable, unavailable, unimplemented];
  const { list, close } = await clientOf(() => statuses.shift()!);
  let waits = 0;
  await expect(untilAnswered(list, never, () => (waits += 1))).rejects.toMatchObject({
    type: "SYSTEM_UNREACHABLE",
    message: "the Temporal server does not answer (no)",
  });
  expect(waits).toBe(2);
  await close();
});

test("what asking again does not change goes to a person at once", async () => {
  const { list, close } = await clientOf(() => permissionDenied);
  let waits = 0;
  await expect(untilAnswered(list, never, () => (waits += 1))).rejects.toMatchObject({ type: "SYSTEM_UNREACHABLE" });
  expect(waits).toBe(0);
  await close();
});

test("who gives up does not wait for the server", async () => {
  const { list, close } = await clientOf(() => unavailable);
  const giveUp = new AbortController();
  const asking = untilAnswered(list, giveUp.signal, () => giveUp.abort());
  await expect(asking).rejects.toMatchObject({ name: "AbortError" });
  await close();
});

test("an error that is not the server's is thrown as it is", async () => {
  const error = new TypeError("ours");
  await expect(
    untilAnswered(
      () => Promise.reject(error),
      never,
      () => undefined,
    ),
  ).rejects.toBe(error);
});
