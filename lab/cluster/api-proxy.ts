import { readFile, writeFile } from "node:fs/promises";
import { Agent, createServer, request } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { certificates } from "./certificates.ts";
import type { Layout } from "./layout.ts";

/** Stands between a cluster's API server and whoever uses its kubeconfig; it counts, and cuts connections. */
export interface ApiProxy {
  /** File of an administrator's kubeconfig that leads through it. */
  kubeconfig: string;
  /** Since the start: requests, how many of them watch, and bytes of the bodies that came back. */
  counts: () => Counts;
  /** Resets every connection that is open, in the middle of whatever it carries. @returns how many */
  cut: () => number;
  close: () => Promise<void>;
}

export interface Counts {
  requests: number;
  watches: number;
  bytes: number;
}

/** @param kubeconfig file that is written */
export async function startApiProxy(layout: Layout, kubeconfig: string): Promise<ApiProxy> {
  const read = async (file: string) => await readFile(join(certificates(layout), file));
  const [key, cert, ca] = await Promise.all(["kube-apiserver.key", "kube-apiserver.crt", "ca.crt"].map(read));
  const identity = { key: await read("admin.key"), cert: await read("admin.crt"), ca };
  const agent = new Agent({ keepAlive: true, ...identity });
  const open = new Set<Socket>();
  const counts: Counts = { requests: 0, watches: 0, bytes: 0 };
  const server = createServer({ key, cert }, (asked, response) => {
    counts.requests += 1;
    if (/[?&]watch=(true|1)/.test(asked.url ?? "")) counts.watches += 1;
    const { method, url: path, headers } = asked;
    const passed = request({ host: layout.nodeAddress, port: 6443, method, path, headers, agent }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      // What asked may be waiting for the head alone, as a watch does.
      response.flushHeaders();
      answer.on("data", (chunk: Buffer) => (counts.bytes += chunk.length));
      answer.pipe(response).on("error", () => answer.destroy());
      answer.on("error", () => response.destroy());
    });
    passed.on("error", () => response.destroy());
    response.on("close", () => passed.destroy());
    asked.pipe(passed);
  });
  server.on("connection", (duplex) => {
    const socket = duplex as Socket;
    open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => open.delete(socket));
  });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const config = parse(await readFile(layout.kubeconfig, "utf8")) as { clusters: { cluster: { server: string } }[] };
  config.clusters[0]!.cluster.server = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeFile(kubeconfig, stringify(config), { mode: 0o600 });
  return {
    kubeconfig,
    counts: () => ({ ...counts }),
    cut() {
      const sockets = [...open];
      for (const socket of sockets) socket.resetAndDestroy();
      return sockets.length;
    },
    async close() {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
