import { createServer, type Server } from "node:https";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { execaSync } from "execa";
import { stringify } from "yaml";
import type { Kind } from "../../src/activities/kubernetes/paths.ts";

/** A real server that does what a real API server does not do when it is asked to: 429, 410, watches that drop, silence. */

interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage["headers"];
  body: string;
  at: number;
}

export type Answering = (asked: Asked, response: ServerResponse) => void;

export type FakeApiServer = Awaited<ReturnType<typeof startFakeApiServer>>;

/** @param answering one request after the other by the list, and all further ones by its last entry */
export async function startFakeApiServer(...answering: Answering[]) {
  const { key, cert } = certificate();
  const asked: Asked[] = [];
  let connections = 0;
  let server: Server;
  let port = 0;

  async function start(): Promise<void> {
    server = createServer({ key, cert }, (request, response) => {
      void text(request).then((body) => {
        const url = new URL(request.url ?? "/", "https://x");
        const { method = "", headers } = request;
        const one = { method, path: url.pathname, query: url.searchParams, headers, body, at: performance.now() };
        const answer = answering[Math.min(asked.length, answering.length - 1)];
        asked.push(one);
        answer?.(one, response);
      });
    });
    server.on("secureConnection", () => (connections += 1));
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    ({ port } = server.address() as AddressInfo);
  }
  /** As if it was killed. */
  async function stop(): Promise<void> {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  await start();
  return {
    asked,
    start,
    stop,
    url: `https://127.0.0.1:${port}`,
    server: () => server,
    connections: () => connections,
    kubeconfig: (user: object = { token: "token-of-the-test" }, ca = cert) =>
      kubeconfigOf({ server: `https://127.0.0.1:${port}`, "certificate-authority-data": base64(ca) }, user),
  };
}

export function kubeconfigOf(cluster: object, user: object): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "fake", cluster }],
    users: [{ name: "tester", user }],
    contexts: [{ name: "fake", context: { cluster: "fake", user: "tester" } }],
    "current-context": "fake",
  });
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

/** One that signs itself; each call makes another. */
export function certificate(): { key: string; cert: string } {
  const directory = mkdtempSync(join(tmpdir(), "firedrill-fake-api-"));
  const files = ["-keyout", join(directory, "key"), "-out", join(directory, "cert")];
  const fixed = "req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 2 -subj /CN=fake";
  execaSync("openssl", [...fixed.split(" "), "-addext", "subjectAltName=IP:127.0.0.1", ...files]);
  const [key = "", cert = ""] = ["key", "cert"].map((name) => readFileSync(join(directory, name), "utf8"));
  rmSync(directory, { recursive: true });
  return { key, cert };
}

/** How a request may be answered. */
export const answer = {
  json:
    (body: unknown, status = 200, headers: Record<string, string> = {}): Answering =>
    (_, response) =>
      void response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body)),
  status: (code: number, message: string, headers: Record<string, string> = {}): Answering =>
    answer.json({ kind: "Status", status: "Failure", code, message }, code, headers),
  resets: ((_, response) => void response.socket?.destroy()) as Answering,
  /** Never says anything. */
  hangs: (() => undefined) as Answering,
};

export const configMaps: Kind = { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true };

export const configMap = (name: string, resourceVersion: string, uid = `uid-of-${name}`) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "demo", uid, resourceVersion },
});

export const listOf = (resourceVersion: string, ...items: object[]) => ({
  kind: "ConfigMapList",
  apiVersion: "v1",
  metadata: { resourceVersion },
  items,
});
