import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { fail } from "../failures.ts";
import type { Logger } from "../logger.ts";
import { createRecordReader } from "../read-records.ts";
import { tryPort } from "../temporal/ports.ts";
import { measure } from "./measured.ts";
import { registryOf } from "./registry.ts";

export interface MetricsServer {
  /** host:port where the Temporal SDK is to serve its own metrics, for this server alone. */
  sdkAddress: string;
  close(): void;
}

/**
 * Serves /metrics in Prometheus' text format: what the records say, and what the Temporal SDK says of the worker.
 * @param records the worker's directory of records
 * @throws CONFIG_INVALID where it cannot listen
 */
export async function serveMetrics(
  { host, port }: { host: string; port: number },
  records: string,
  logger: Logger,
): Promise<MetricsServer> {
  const read = createRecordReader(measure);
  const sdkAddress = `127.0.0.1:${await tryPort(0)}`;

  /** The other half of the page is worth having without it. */
  async function sdkMetrics(): Promise<string> {
    try {
      const response = await fetch(`http://${sdkAddress}/metrics`, { signal: AbortSignal.timeout(5_000) });
      if (response.ok) return await response.text();
      throw new Error(`it answered ${response.status}`);
    } catch (error) {
      logger.warn({ error: String(error) }, "cannot read the metrics of the Temporal SDK");
      return "";
    }
  }

  async function answer({ method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
    if (url?.split("?")[0] !== "/metrics" || (method !== "GET" && method !== "HEAD")) {
      response.writeHead(404).end("Metrics are at /metrics.\n");
      return;
    }
    const [{ found, broken }, sdk] = await Promise.all([read(records), sdkMetrics()]);
    const registry = registryOf(found, broken.length);
    const own = await registry.metrics();
    response.writeHead(200, { "Content-Type": registry.contentType }).end(`${own}\n${sdk}`);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      logger.error({ error: String(error) }, "cannot serve the metrics");
      response.writeHead(500).end("The worker's log says why.\n");
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", ({ code }: NodeJS.ErrnoException) =>
      reject(
        fail(
          "CONFIG_INVALID",
          `cannot serve metrics on ${host}:${port} (${code})`,
          "Set metrics.host and metrics.port of the worker's configuration to an address of this host that is free.",
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
  // A worker that cannot start must end.
  server.unref();
  return {
    sdkAddress,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
