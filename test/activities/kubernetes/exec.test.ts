import { createHash } from "node:crypto";
import { Readable, Writable } from "node:stream";
import { afterEach, expect, test } from "vitest";
import type { WebSocket } from "ws";
import { openCluster } from "../../../src/activities/kubernetes/client.ts";
import { execInPod, type PodCommand } from "../../../src/activities/kubernetes/exec.ts";
import { answer, certificate, startFakeApiServer } from "../../support/fake-api-server.ts";
import { frame, startFakeExec, status, success, v5 } from "../../support/fake-exec.ts";

const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

async function serve(container: (socket: WebSocket, url: URL) => void, protocols = [v5]) {
  const { server, cluster, stop } = await startFakeExec(container, protocols);
  ended.push(stop);
  const run = async (more: Partial<PodCommand> = {}, signal = new AbortController().signal) =>
    await execInPod(
      cluster,
      { namespace: "demo", pod: "box", container: "main", command: ["sh", "-c", "x y"], timeoutMs: 5_000, ...more },
      signal,
    );
  return { server, cluster, run };
}

test("output, errors and exit code arrive, and what comes at the very beginning too", async () => {
  let asked: URL | undefined;
  const { run } = await serve((socket, url) => {
    asked = url;
    socket.send(frame(1, "out"));
    socket.send(frame(2, "err"));
    const causes = [{ reason: "ExitCode", message: "7" }];
    socket.send(status({ status: "Failure", reason: "NonZeroExitCode", details: { causes } }));
  });
  expect(await run()).toEqual({
    exitCode: 7,
    bytes: 3,
    sha256: createHash("sha256").update("out").digest("hex"),
    stderr: "err",
  });
  expect(asked?.pathname).toBe("/api/v1/namespaces/demo/pods/box/exec");
  expect(asked?.searchParams.getAll("command")).toEqual(["sh", "-c", "x y"]);
});

test("a connection that closes before the end is known is no success", async () => {
  for (const close of [(socket: WebSocket) => socket.close(), (socket: WebSocket) => socket.terminate()]) {
    const { run } = await serve((socket) => {
      socket.send(frame(1, "half of"));
      setTimeout(close, 50, socket);
    });
    await expect(run()).rejects.toMatchObject({
      type: "SYSTEM_UNREACHABLE",
      message: "the connection to pod demo/box broke while sh ran",
    });
  }
});

test("a slow reader slows the sender; all has arrived when it returns", async () => {
  let socketBuffer = 0;
  const { run } = await serve((socket) => {
    for (let part = 0; part < 400; part += 1) socket.send(frame(1, Buffer.alloc(100_000)));
    setTimeout(() => (socketBuffer = socket.bufferedAmount), 400);
    socket.send(frame(255, Buffer.of(1)));
    socket.send(success);
  });
  let longest = 0;
  let written = 0;
  const slow = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _encoding, done) {
      longest = Math.max(longest, this.writableLength);
      written += chunk.length;
      setTimeout(done, 2);
    },
  });
  expect(await run({ stdout: slow })).toMatchObject({ exitCode: 0, bytes: 40_000_000 });
  await new Promise<void>((resolve) => slow.end(resolve));
  expect(written).toBe(40_000_000);
  expect(longest).toBeLessThan(5_000_000);
  expect(socketBuffer).toBeGreaterThan(10_000_000);
});

test("input goes in, and its end without the connection's", async () => {
  const got: Buffer[] = [];
  const { run } = await serve((socket, url) => {
    expect(url.searchParams.get("stdin")).toBe("true");
    socket.on("message", (data: Buffer) => {
      got.push(data);
      if (data[0] === 255) socket.send(success);
    });
  });
  expect(await run({ stdin: Readable.from(["hello ", Buffer.from("world")]) })).toMatchObject({ exitCode: 0 });
  expect(got).toEqual([frame(0, "hello "), frame(0, "world"), Buffer.of(255, 0)]);
  const failing = new Readable({ read: () => void failing.destroy(new Error("the file vanished")) });
  await expect(run({ stdin: failing })).rejects.toThrow("the file vanished");
});

test("where the output cannot be written, it ends with that error", async () => {
  const { run } = await serve((socket) => socket.send(frame(1, "out")));
  const full = new Writable({ write: (_chunk, _encoding, done) => done(new Error("disk full")) });
  await expect(run({ stdout: full })).rejects.toThrow("disk full");
});

test("a server that would not understand the end of the input is refused", async () => {
  const { run } = await serve(() => undefined, ["v4.channel.k8s.io"]);
  await expect(run()).rejects.toMatchObject({
    type: "UNSUPPORTED_VERSION",
    message: expect.stringMatching(/does not speak v5\.channel\.k8s\.io$/) as unknown,
  });
});

test("what the API server says instead of opening it is told", async () => {
  const server = await startFakeApiServer(answer.status(403, 'User "x" cannot create resource "pods/exec"'));
  server.server().on("upgrade", (_request, socket) => {
    const body = JSON.stringify({ message: 'User "x" cannot create resource "pods/exec"' });
    socket.end(`HTTP/1.1 403 Forbidden\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  });
  const cluster = openCluster(server.kubeconfig());
  const foreign = openCluster(server.kubeconfig(undefined, certificate().cert));
  ended.push(cluster.close, foreign.close);
  const command = { namespace: "demo", pod: "box", container: "main", command: ["true"], timeoutMs: 5_000 };
  const signal = new AbortController().signal;
  await expect(execInPod(cluster, command, signal)).rejects.toMatchObject({ type: "PERMISSION_DENIED" });
  await expect(execInPod(foreign, command, signal)).rejects.toMatchObject({
    type: "SYSTEM_UNREACHABLE",
    message: expect.stringContaining("DEPTH_ZERO_SELF_SIGNED_CERT") as unknown,
  });
  await server.stop();
  await expect(execInPod(cluster, command, signal)).rejects.toMatchObject({
    type: "SYSTEM_UNREACHABLE",
    message: `the API server ${server.url} does not answer (ECONNREFUSED)`,
  });
});

test("time-out and signal end it, before the opening and after", async () => {
  const { server, cluster } = await serve(() => undefined);
  const quiet = await startFakeApiServer(answer.hangs);
  quiet.server().on("upgrade", () => undefined);
  const hangs = openCluster(quiet.kubeconfig());
  ended.push(hangs.close, quiet.stop);
  for (const one of [cluster, hangs]) {
    const command = { namespace: "demo", pod: "box", container: "main", command: ["sleep"], timeoutMs: 300 };
    await expect(execInPod(one, command, new AbortController().signal)).rejects.toMatchObject({
      type: "TIMED_OUT",
      message: "sleep in pod demo/box did not end within 300ms",
    });
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error("the run was cancelled")), 100);
    await expect(execInPod(one, { ...command, timeoutMs: 5_000 }, stop.signal)).rejects.toThrow(
      "the run was cancelled",
    );
  }
  expect(server.asked).toEqual([]);
});

test.each([
  ["PROGRAM_MISSING", 'exec: "sh": executable file not found in $PATH', "there is no program sh in pod demo/box"],
  ["PROGRAM_FAILED", "container is not running", "sh could not run in pod demo/box: container is not running"],
])("%s is told from an exit code", async (type, said, message) => {
  const { run } = await serve((socket) => {
    socket.send(status({ status: "Failure", reason: "InternalError", message: said }));
  });
  await expect(run()).rejects.toMatchObject({ type, message });
});
