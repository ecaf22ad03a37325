import { asyncLocalStorage, cancellationSignal } from "@temporalio/activity";
import type { Socket } from "node:net";
import pg from "pg";
import { fail } from "../../failures.ts";
import type { Connection } from "../../plan/schema.ts";
import { describeServer } from "../../plan/target.ts";
import { redact } from "../../redaction.ts";
import { withoutRowValues } from "./row-values.ts";
import { passwordVariables, resolveSecret } from "../../secrets.ts";

export type Client = pg.Client;

/** Where a connection goes, for people: "shop on 127.0.0.1:5432". */
export function describePlace(connection: Connection, database: string): string {
  return `${database} on ${describeServer(connection)}`;
}

/**
 * None of the limits that a server, role or database sets for its applications: a snapshot is held as long as a dump takes.
 * pg_dump and pg_restore lift them, too, but only after their first queries, which a limit of milliseconds cuts short.
 */
export const noLimits =
  "-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0 -c idle_session_timeout=0";

/** Settings that make the text of a value the same on every server, so that checksums of it can be compared. */
const settings =
  "-c default_transaction_read_only=off -c datestyle=ISO -c timezone=UTC -c extra_float_digits=3 -c intervalstyle=postgres -c bytea_output=hex -c lc_monetary=C -c row_security=off -c search_path=pg_catalog";

/**
 * Connects; end the client when done, or use `withClient`.
 * @param withinMs how long the server has to answer
 * @throws SYSTEM_UNREACHABLE, AUTHENTICATION_FAILED, DATABASE_MISSING, SECRET_MISSING
 */
export async function connect(connection: Connection, database: string, withinMs = 10_000): Promise<Client> {
  const password = connection.password && (await resolveSecret(connection.password));
  const options = {
    host: connection.host,
    port: connection.port,
    user: connection.user,
    database,
    password,
    application_name: "firedrill",
    connectionTimeoutMillis: withinMs,
    // A host that lost its power never says so: without this a query would wait for it for ever.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    options: `${noLimits} ${settings}`,
  };
  try {
    return await open({ ...options, ssl: sslOf(connection) });
  } catch (error) {
    const refusedTls = connection.tls === "prefer" && /does not support SSL/.test((error as Error).message);
    if (!refusedTls) throw connectFailure(error, connection, database);
    return open({ ...options, ssl: false }).catch((again: unknown) => {
      throw connectFailure(again, connection, database);
    });
  }
}

async function open(config: pg.ClientConfig): Promise<Client> {
  const client = new pg.Client(config);
  // Without a listener a connection that breaks while idle would end the worker; the next query reports it anyway.
  client.on("error", () => {});
  try {
    await client.connect();
    endWithStep(client);
    return client;
  } catch (error) {
    await client.end();
    throw error;
  }
}

/** A step that is cancelled, or whose worker stops, does not wait for its query, which may take hours. */
function endWithStep(client: Client): void {
  if (asyncLocalStorage.getStore() === undefined) return;
  const signal = cancellationSignal();
  const cut = () => (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
  if (signal.aborted) cut();
  signal.addEventListener("abort", cut, { once: true });
  client.once("end", () => signal.removeEventListener("abort", cut));
}

function sslOf({ tls, host }: Connection): pg.ClientConfig["ssl"] {
  if (tls === "disable" || host.startsWith("/")) return false;
  return { rejectUnauthorized: tls === "verify-full" };
}

export async function withClient<T>(
  connection: Connection,
  database: string,
  use: (client: Client) => Promise<T>,
  withinMs?: number,
): Promise<T> {
  const client = await connect(connection, database, withinMs);
  try {
    return await use(client);
  } catch (error) {
    throw queryFailure(error, describePlace(connection, database));
  } finally {
    await client.end();
  }
}

/** Environment for libpq's programs (libpq-envars): the password never stands on a command line. */
export async function libpqEnvironment(connection: Connection, database: string): Promise<Record<string, string>> {
  return {
    PGHOST: connection.host,
    PGPORT: String(connection.port),
    PGUSER: connection.user,
    PGDATABASE: database,
    PGSSLMODE: connection.tls,
    PGCONNECT_TIMEOUT: "10",
    PGAPPNAME: "firedrill",
    PGOPTIONS: noLimits,
    ...passwordVariables(connection.password),
    ...(connection.password && { PGPASSWORD: await resolveSecret(connection.password) }),
  };
}

/** The text between quotes that PostgreSQL takes as one identifier. */
export const identifier = pg.escapeIdentifier;
export const literal = pg.escapeLiteral;

function connectFailure(error: unknown, connection: Connection, database: string): unknown {
  const place = describePlace(connection, database);
  const { code, message } = error as { code?: string; message: string };
  if (code === "3D000") return fail("DATABASE_MISSING", `there is no database ${place}`);
  if (code?.startsWith("28"))
    return fail("AUTHENTICATION_FAILED", `${place} refuses user ${connection.user}: ${redact(message)}`);
  if (code === "57P03") return fail("SYSTEM_UNREACHABLE", `${place} does not accept connections yet: ${message}`);
  if (code === "53300")
    return fail(
      "SYSTEM_UNREACHABLE",
      `${place} has no connection left: ${message}`,
      "Close connections or raise max_connections; then retry.",
    );
  if (/password must be a string|no password supplied|SASL/.test(message)) {
    return fail(
      "AUTHENTICATION_FAILED",
      `${place} asks user ${connection.user} for a password`,
      "Give the connection a `password: { env: … }` or `{ file: … }`.",
    );
  }
  return fail("SYSTEM_UNREACHABLE", `${place} does not answer: ${redact(message || String(code))}`);
}

/** Maps what the server says to failures that a person can act on; PostgreSQL's documentation, appendix A. */
export function queryFailure(error: unknown, place: string): unknown {
  const { code, message } = error as { code?: string; message: string };
  if (code === undefined || typeof code !== "string" || code.length !== 5) {
    const broken = error instanceof Error && /Connection terminated|ECONNRESET|EPIPE/.test(error.message);
    return broken ? fail("SYSTEM_UNREACHABLE", `the connection to ${place} broke: ${redact(message)}`) : error;
  }
  if (code === "42501") return fail("PERMISSION_DENIED", `${place}: ${message}`);
  if (code === "53100") return fail("DISK_FULL", `${place}: ${message}`);
  if (code.startsWith("57P")) return fail("SYSTEM_UNREACHABLE", `${place}: ${message}`);
  return fail("PROGRAM_FAILED", `${place}: ${withoutRowValues(redact(message))} (SQLSTATE ${code})`);
}
