import { createServer, type IncomingMessage } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A state that is kept over HTTP, with a lock that stays when its holder dies: OpenTofu's backend `http`. */
export interface HttpState {
  /** Of the state. */
  address: string;
  /** What is stored; empty before the first. */
  state: string;
  /** Who holds it, as the client has written it; null where nobody does. */
  lock: string | null;
  /** With which the last question came; empty where it had none. */
  authorization: string;
  /** Lines "METHOD status", as they came. */
  log: string[];
  close: () => Promise<void>;
}

export async function startHttpState(): Promise<HttpState> {
  const server = createServer((request, response) => {
    void answer(request).then(([status, body]) => {
      held.log.push(`${request.method} ${status}`);
      response.writeHead(status, { "content-type": "application/json" }).end(body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const held: HttpState = {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/state`,
    state: "",
    lock: null,
    authorization: "",
    log: [],
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  async function answer(request: IncomingMessage): Promise<[number, string]> {
    const body = await text(request);
    held.authorization = request.headers.authorization ?? "";
    if (request.method === "LOCK" && held.lock !== null) return [423, held.lock];
    if (request.method === "LOCK") held.lock = body;
    if (request.method === "UNLOCK") held.lock = null;
    if (request.method === "POST") held.state = body;
    if (request.method !== "GET") return [200, ""];
    return held.state === "" ? [404, ""] : [200, held.state];
  }
  return held;
}
