import { connect } from "node:tls";
import { KubeConfig } from "@kubernetes/client-node";
import { rest } from "../rest.ts";
import { isUnanswered, unreachable } from "./refusal.ts";

const tryMs = 5_000;
const tries = 5;
const pauseMs = 1_000;

/**
 * SHA-256 fingerprint of the certificate by which an API server shows who it is ("AB:CD:…"). Every server that is made anew has
 * another one, also where it has the CA of the old one; but for one that is given its certificate, or has a proxy before it.
 * @returns null where the kubeconfig names no CA of the cluster's own: what shows a certificate then may be a proxy before many
 *   clusters, which stays
 * @throws SYSTEM_UNREACHABLE; the signal's reason
 */
export async function serverCertificate(
  kubeconfig: string,
  context: string | undefined,
  signal: AbortSignal,
): Promise<string | null> {
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  if (context !== undefined) config.setCurrentContext(context);
  const cluster = config.getCurrentCluster();
  if (!cluster?.caData && !cluster?.caFile) return null;
  if (cluster.proxyUrl) return null;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await shownCertificate(cluster.server, cluster.tlsServerName);
    } catch (error) {
      if (attempt === tries || !isUnanswered(error)) throw error;
      await rest(pauseMs, signal);
      signal.throwIfAborted();
    }
  }
}

/** The same of an address alone; who is there is asked nothing. @throws SYSTEM_UNREACHABLE where nobody is */
export async function shownCertificate(server: string, servername?: string): Promise<string> {
  const { hostname, port } = new URL(server);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port || 443),
    timeout: tryMs,
    // It is only looked at: nothing is told to it.
    rejectUnauthorized: false,
    ...(servername && { servername }),
  });
  socket.on("secureConnect", () => resolve(socket.getPeerCertificate().fingerprint256));
  socket.on("timeout", () => socket.destroy(Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" })));
  socket.on("error", (error) => reject(unreachable(server, error) ?? error));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}
