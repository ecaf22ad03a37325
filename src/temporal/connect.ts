import { Client, Connection, isGrpcServiceError } from "@temporalio/client";
import type { NativeConnection } from "@temporalio/worker";
import { setTimeout as sleep } from "node:timers/promises";
import { fail } from "../failures.ts";
import { temporalSettings, type TemporalSettings } from "./settings.ts";

export { temporalConfigured } from "./settings.ts";

export interface ClientConnection {
  client: Client;
  /** host:port */
  address: string;
  namespace: string;
  close: () => Promise<void>;
}

export interface WorkerConnection {
  connection: NativeConnection;
  /** host:port */
  address: string;
  namespace: string;
}

/** The status codes of gRPC that mean something to a person. The SDK does not export them. */
const statusNames: Partial<Record<number, "notFound" | "refused" | "unavailable">> = {
  5: "notFound",
  7: "refused", // permission denied
  14: "unavailable",
  16: "refused", // unauthenticated
};

/**
 * Connects to Temporal; the namespace is there and the credentials are good when it returns.
 * @throws SYSTEM_UNREACHABLE after about 5 s, AUTHENTICATION_FAILED, CONFIG_INVALID
 */
export async function connectClient(settings: TemporalSettings = temporalSettings()): Promise<ClientConnection> {
  const { address, namespace, options } = settings;
  await waitForAnswer(settings);
  const connection = Connection.lazy({ ...options, address });
  const client = new Client({ connection, namespace });
  return { client, address, namespace, close: () => connection.close() };
}

/**
 * The same for a worker. The SDK's native part is loaded here, so that clients do not wait for it.
 * @throws as connectClient
 */
export async function connectWorker(settings: TemporalSettings = temporalSettings()): Promise<WorkerConnection> {
  const { address, namespace, options } = settings;
  const [{ NativeConnection }] = await Promise.all([import("@temporalio/worker"), waitForAnswer(settings)]);
  try {
    const connection = await NativeConnection.connect({ ...options, address });
    return { connection, address, namespace };
  } catch (error) {
    // The native part has its own TLS with its own list of authorities.
    const message = `Temporal at ${address} answers, but the worker cannot connect to it (${(error as Error).message})`;
    throw fail(
      "SYSTEM_UNREACHABLE",
      message,
      "Is the package ca-certificates installed, and the server's certificate trusted?",
    );
  }
}

/** Bridges a short restart of the server or its load balancer. */
async function waitForAnswer(settings: TemporalSettings): Promise<void> {
  const deadline = Date.now() + 5_000;
  // An attempt that the deadline cuts off knows no cause: the cause of an earlier one is told then.
  let cause: string | undefined;
  for (;;) {
    try {
      return await ask(settings, deadline);
    } catch (error) {
      if (!isGrpcServiceError(error)) throw error;
      cause = causeOf(error.details) ?? cause;
      const again = statusNames[error.code] === "unavailable" && Date.now() < deadline - 250;
      if (!again) throw connectFailure(error, settings, cause);
    }
    await sleep(250);
  }
}

/**
 * Asks once for the namespace, which needs a server, good credentials and the namespace.
 * The SDK's own retries are left out: they hide the cause behind "deadline exceeded".
 * @param deadline milliseconds since 1970
 * @throws ServiceError of gRPC
 */
export async function ask({ address, namespace, options }: TemporalSettings, deadline: number): Promise<void> {
  const connection = Connection.lazy({ ...options, address, interceptors: [] });
  try {
    await connection.withDeadline(deadline, () => connection.workflowService.describeNamespace({ namespace }));
  } finally {
    await connection.close();
  }
}

function connectFailure(
  { code, details }: { code: number; details: string },
  { address, namespace }: TemporalSettings,
  cause = "no answer in 5 s; is it behind a firewall, or does only one side speak TLS?",
): unknown {
  const status = statusNames[code];
  if (status === "notFound") {
    const hint = `Create it with \`temporal operator namespace create -n ${namespace}\`, or correct TEMPORAL_NAMESPACE or the profile file.`;
    return fail("CONFIG_INVALID", `Temporal at ${address} has no namespace ${namespace}`, hint);
  }
  if (status === "refused") {
    const hint = "Check TEMPORAL_API_KEY or the client certificate (expired?), and that they may use this namespace.";
    const message = `Temporal at ${address} refuses the credentials for namespace ${namespace} (${details})`;
    return fail("AUTHENTICATION_FAILED", message, hint);
  }
  const hint = "Set TEMPORAL_ADDRESS to a server that runs, or start one on this machine with `firedrill dev`.";
  return fail("SYSTEM_UNREACHABLE", `Temporal does not answer at ${address} (${cause})`, hint);
}

/** The part of a gRPC text that tells a person something; undefined when it tells nothing. */
function causeOf(details: string): string | undefined {
  if (details.startsWith("Deadline exceeded")) return undefined;
  const last = /Last error: (?:Error: )?(.*?)\. Resolution note/s.exec(details)?.[1] ?? details;
  return last === "null" ? undefined : last;
}
