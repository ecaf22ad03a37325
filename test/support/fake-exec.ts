import { type WebSocket, WebSocketServer } from "ws";
import { openCluster } from "../../src/activities/kubernetes/client.ts";
import type { Cluster } from "../../src/activities/kubernetes/cluster.ts";
import { answer, type FakeApiServer, startFakeApiServer } from "./fake-api-server.ts";

/** An API server whose pods run what the test says, over the WebSocket protocol of `exec`. */

export const v5 = "v5.channel.k8s.io";
/** @param channel 1 is standard output, 2 standard error */
export const frame = (channel: number, text: string | Buffer) =>
  Buffer.concat([Buffer.of(channel), Buffer.from(text as string)]);
export const status = (how: object) => frame(3, JSON.stringify(how));
export const success = status({ status: "Success" });

export interface FakeExec {
  server: FakeApiServer;
  cluster: Cluster;
  stop: () => Promise<void>;
}

export async function startFakeExec(
  container: (socket: WebSocket, url: URL) => void,
  protocols = [v5],
): Promise<FakeExec> {
  const server = await startFakeApiServer(answer.status(403, 'User "x" cannot create resource "pods/exec"'));
  const sockets = new WebSocketServer({
    server: server.server(),
    handleProtocols: (offered) => protocols.find((one) => offered.has(one)) ?? false,
  });
  sockets.on("connection", (socket, request) => container(socket, new URL(request.url ?? "", "https://x")));
  const cluster = openCluster(server.kubeconfig());
  const stop = async () => {
    await cluster.close();
    for (const socket of sockets.clients) socket.terminate();
    await server.stop();
  };
  return { server, cluster, stop };
}
