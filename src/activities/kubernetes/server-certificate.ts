import { connect } from "node:tls";
import { KubeConfig } from "@kubernetes/client-node";
import { unreachable } from "./refusal.ts";

const patienceMs = 10_000;

/**
 * SHA-256 fingerprint of the certificate by which an API server shows who it is ("AB:CD:…"). Every server that is made anew has
 * another one, also where it has the CA of the old one.
 * @returns null where the kubeconfig names no CA of the cluster's own: what shows a certificate then may be a proxy before many
 *   clusters, which stays
 * @throws SYSTEM_UNREACHABLE
 */
export async function serverCertificate(kubeconfig: string, context: string | undefined): Promise<string | null> {
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  if (context !== undefined) config.setCurrentContext(context);
  const cluster = config.getCurrentCluster();
  if (!cluster?.caData && !cluster?.caFile) return null;
  if (cluster.proxyUrl) return null;
  const { hostname, port } = new URL(cluster.server);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port || 443),
    timeout: patienceMs,
    // It is only looked at: nothing is told to it.
    rejectUnauthorized: false,
    ...(cluster.tlsServerName && { servername: cluster.tlsServerName }),
  });
  socket.on("secureConnect", () => resolve(socket.getPeerCertificate().fingerprint256));
  socket.on("timeout", () => socket.destroy(Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" })));
  socket.on("error", (error) => reject(unreachable(cluster.server, error) ?? error));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}
