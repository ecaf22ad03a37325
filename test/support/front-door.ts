import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { findSandbox } from "../../lab/cluster/sandbox.ts";

/** An address outside of a cluster that leads into whichever cluster has the name now, as a DNS entry would; to nobody while there is none. */
export interface FrontDoor {
  url: string;
  close: () => Promise<void>;
}

/** @param port of the node, where a Service answers */
export async function openFrontDoor(cluster: string, port: number): Promise<FrontDoor> {
  const server = createServer((client) => {
    client.on("error", () => client.destroy());
    void findSandbox(cluster).then((sandbox) => {
      if (sandbox === undefined) return client.destroy();
      const node = connect(port, sandbox.layout.nodeAddress);
      node.on("error", () => client.destroy()).on("close", () => client.destroy());
      client.on("close", () => node.destroy());
      return client.pipe(node).pipe(client);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      server.close();
      await once(server, "close");
    },
  };
}
