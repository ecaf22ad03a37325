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
    log: [],
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  async function answer(request: IncomingMessage): Promise<[number, string]> {
    const body = await text(request);
    switch (request.method) {
      case "LOCK":
        if (held.lock !== null) return [423, held.lock];
        held.lock = body;
        return [200, ""];
      case "UNLOCK":
        held.lock = null;
        return [200, ""];
      case "POST":
        held.state = body;
        return [200, ""];
      default:
        return held.state === "" ? [404, ""] : [200, held.state];
    }
  }
  return held;
}
