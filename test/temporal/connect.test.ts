import { createServer as createHttp2Server, type Http2Server } from "node:http2";
import { type AddressInfo, createServer, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, expect, test } from "vitest";
import { describeFailure } from "../../src/failures.ts";
import { connectClient, connectWorker } from "../../src/temporal/connect.ts";

const servers: (Http2Server | Server)[] = [];
const unreachable = { timeout: 15_000 };
const notFound = 5;

afterAll(() => {
  for (const server of servers) server.close();
});

async function listen(server: Http2Server | Server, port = 0): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A gRPC server that answers everything with a bare status. */
function grpcServer(status: number, message: string): Http2Server {
  const headers = {
    ":status": 200,
    "content-type": "application/grpc",
    "grpc-status": status,
    "grpc-message": message,
  };
  return createHttp2Server().on("stream", (stream) => {
    stream.resume().on("end", () => stream.respond(headers, { endStream: true }));
  });
}

async function failureOf(work: Promise<unknown>) {
  const started = Date.now();
  const failure = describeFailure(await work.catch((error: unknown) => error));
  return { ...failure, seconds: (Date.now() - started) / 1000 };
}

test.concurrent.each([
  ["client", connectClient],
  ["worker", connectWorker],
])("a %s learns within about 5 s that nobody answers, where, why and what to do", unreachable, async (_, connect) => {
  const failure = await failureOf(connect({ address: "127.0.0.1:1", namespace: "default" }));
  expect(failure.type).toBe("SYSTEM_UNREACHABLE");
  expect(failure.message).toBe("Temporal does not answer at 127.0.0.1:1 (connect ECONNREFUSED 127.0.0.1:1)");
  expect(failure.hint).toContain("TEMPORAL_ADDRESS");
  expect(failure.hint).toContain("firedrill dev");
  expect(failure.seconds).toBeLessThan(10);
});

test.concurrent("a server that takes the connection and is silent is given up after 5 s", unreachable, async () => {
  const address = await listen(createServer((socket) => void socket.on("error", () => undefined).unref()));
  const failure = await failureOf(connectWorker({ address, namespace: "default" }));
  expect(failure).toMatchObject({ type: "SYSTEM_UNREACHABLE" });
  expect(failure.message).toContain(`Temporal does not answer at ${address} (no answer in 5 s`);
  expect(failure.seconds).toBeLessThan(10);
});

test.concurrent.each([
  ["unauthenticated", 16],
  ["permission denied", 7],
])("refused credentials (%s) are no unreachable server", async (_, status) => {
  const address = await listen(grpcServer(status, "Request unauthorized."));
  const failure = await failureOf(connectClient({ address, namespace: "drills" }));
  expect(failure).toMatchObject({
    type: "AUTHENTICATION_FAILED",
    message: `Temporal at ${address} refuses the credentials for namespace drills (Request unauthorized.)`,
  });
  expect(failure.hint).toContain("TEMPORAL_API_KEY");
  expect(failure.seconds).toBeLessThan(4);
});

test.concurrent("a missing namespace is named, with the command that creates it", async () => {
  const address = await listen(grpcServer(notFound, "Namespace drills is not found."));
  const failure = await failureOf(connectClient({ address, namespace: "drills" }));
  expect(failure).toMatchObject({ type: "CONFIG_INVALID", message: `Temporal at ${address} has no namespace drills` });
  expect(failure.hint).toContain("temporal operator namespace create -n drills");
});

test.concurrent("a server that comes back within the 5 s is waited for", unreachable, async () => {
  const old = createServer();
  const address = await listen(old);
  await new Promise<void>((resolve) => old.close(() => resolve()));
  const connected = failureOf(connectClient({ address, namespace: "default" }));
  await sleep(1_000);
  await listen(grpcServer(notFound, ""), Number(address.split(":")[1]));
  expect(await connected).toMatchObject({ type: "CONFIG_INVALID" });
});

test.concurrent("what only the worker's own connection meets is told too", async () => {
  const server = createHttp2Server().on("stream", (stream, headers) => {
    const status = headers[":path"]?.endsWith("/DescribeNamespace") ? 0 : 16;
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status, "grpc-message": "not you" }));
    stream.resume().on("end", () => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.end(Buffer.alloc(status === 0 ? 5 : 0)); // an empty message has a header of five bytes
    });
  });
  const address = await listen(server);
  const failure = await failureOf(connectWorker({ address, namespace: "default" }));
  expect(failure.type).toBe("SYSTEM_UNREACHABLE");
  expect(failure.message).toContain(`Temporal at ${address} answers, but the worker cannot connect to it`);
  expect(failure.message).toContain("not you");
});

test.concurrent("a client does not load the native part of the SDK", async () => {
  const code = `await import("./src/temporal/connect.ts");
    console.log(process.report.getReport().sharedObjects.filter((file) => file.includes("temporal")).join());`;
  const { stdout } = await execa(process.execPath, ["--input-type=module", "--eval", code]);
  expect(stdout).toBe("");
});
