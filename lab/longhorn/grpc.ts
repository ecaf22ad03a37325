import { rm } from "node:fs/promises";
import { createServer } from "node:http2";
import { buffer } from "node:stream/consumers";
import protobuf from "protobufjs";

/** What a method does; an error is told to the caller as one that may be tried again. */
export type Method = (request: Record<string, unknown>) => Promise<object> | object;

/** Codes of gRPC. */
const [internal, unimplemented] = [13, 12];

/**
 * Serves simple methods by gRPC on a socket: one message in, one out. That is all that a kubelet asks of a driver of volumes.
 * @param methods by `/package.Service/Method`; of each, what goes in and out has its name with `Request` and `Response`, unless
 *   `messages` says otherwise
 */
export async function serveGrpc(
  socket: string,
  definitions: string,
  methods: Record<string, Method>,
  messages: Record<string, [request: string, response: string]> = {},
): Promise<void> {
  const { root } = protobuf.parse(definitions);
  await rm(socket, { force: true });
  const server = createServer();
  server.on("stream", (stream, headers) => {
    const path = headers[":path"] ?? "";
    const [, service = "", name = ""] = path.split("/");
    const packageName = service.slice(0, service.lastIndexOf("."));
    const [request, response] = messages[name] ?? [`${name}Request`, `${name}Response`];
    const head = { ":status": 200, "content-type": "application/grpc" };
    const refuse = (code: number, message: string) =>
      stream.respond(
        { ...head, "grpc-status": String(code), "grpc-message": encodeURIComponent(message) },
        { endStream: true },
      );
    const answer = async () => {
      const body = await buffer(stream);
      const method = methods[path];
      if (method === undefined) return refuse(unimplemented, `${path} is not there`);
      // One byte says whether it is compressed, four how long it is.
      const read = root.lookupType(`${packageName}.${request}`).decode(body.subarray(5));
      const written = root
        .lookupType(`${packageName}.${response}`)
        .encode(await method({ ...read.toJSON() }))
        .finish();
      const length = Buffer.alloc(5);
      length.writeUInt32BE(written.length, 1);
      stream.respond(head, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(Buffer.concat([length, written]));
    };
    answer().catch((error: unknown) => refuse(internal, (error as Error).message));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
}
