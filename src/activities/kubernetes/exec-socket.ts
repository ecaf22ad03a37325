import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { text as readText } from "node:stream/consumers";
import { WebSocket } from "ws";
import { fail } from "../../failures.ts";
import type { Cluster } from "./cluster.ts";
import { refused } from "./refusal.ts";
import { failureOf } from "./request.ts";

/** The only version in which standard input can end without the connection. */
const protocol = "v5.channel.k8s.io";
const handshakeMs = 30_000;
const pingMs = 20_000;

/** A socket that is about to open; listeners that are added at once miss nothing. */
export async function newSocket(cluster: Cluster, path: string): Promise<WebSocket> {
  const address = cluster.server.replace(/^http/, "ws").replace(/\/$/, "") + path;
  const options = await cluster.connection.socketOptions();
  return new WebSocket(address, [protocol], { ...options, perMessageDeflate: false });
}

/** @throws what the API server says instead of opening it; SYSTEM_UNREACHABLE, UNSUPPORTED_VERSION */
export async function opened(socket: WebSocket, cluster: Cluster): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new DOMException("no answer in time", "TimeoutError")), handshakeMs);
  socket.once("open", resolve);
  // Stays after the opening: a connection that breaks later is seen by its close.
  socket.on("error", reject);
  socket.once("unexpected-response", (_request, response: IncomingMessage) => {
    const answer = (text: string) => ({ status: response.statusCode ?? 0, text, retryAfterMs: 0 });
    readText(response).then((text) => reject(refused(cluster.server, answer(text))), reject);
  });
  try {
    await promise;
  } catch (error) {
    socket.terminate();
    if (error instanceof Error && /subprotocol/.test(error.message)) throw tooOld(cluster.server);
    throw failureOf(cluster.connection, error);
  } finally {
    clearTimeout(timer);
  }
}

function tooOld(server: string) {
  const hint = "Kubernetes 1.30 and later do; a proxy before it may not.";
  return fail("UNSUPPORTED_VERSION", `the API server ${server} does not speak ${protocol}`, hint);
}

/** Ends when the connection has. One that does not answer a ping until the next one is ended here. */
export async function closed(socket: WebSocket): Promise<void> {
  let answered = true;
  socket.on("pong", () => (answered = true));
  const timer = setInterval(() => {
    // A socket that is paused, because nobody takes its data, hears no pong either.
    if (!answered && !socket.isPaused) socket.terminate();
    else socket.ping();
    answered = false;
  }, pingMs);
  if (socket.readyState !== WebSocket.CLOSED) await new Promise((resolve) => socket.once("close", resolve));
  clearInterval(timer);
}

/** Sends a stream, no faster than it is taken, and then its end. A socket that has closed meanwhile takes no more. */
export async function pump(
  stdin: Readable,
  socket: WebSocket,
  channel: { stdin: number; close: number },
): Promise<void> {
  for await (const chunk of stdin as AsyncIterable<Buffer | string>) {
    const frame = Buffer.concat([Buffer.of(channel.stdin), Buffer.from(chunk as string)]);
    const failure = await new Promise<Error | undefined>((sent) =>
      socket.send(frame, (error) => sent(error ?? undefined)),
    );
    if (failure !== undefined) return;
  }
  socket.send(Buffer.of(channel.close, channel.stdin), () => undefined);
}
