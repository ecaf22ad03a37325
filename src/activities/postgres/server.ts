import { fail } from "../../failures.ts";
import type { Client } from "./client.ts";

/** What a running server says of itself. */
export interface Server {
  /** Major and minor as one number: 150004 is 15.4. */
  versionNumber: number;
  version: string;
  /** Made by initdb, kept by physical copies: pg_control_system(). */
  systemIdentifier: string;
  /** Empty when the user may not know it. */
  dataDirectory: string;
  inRecovery: boolean;
  replicas: number;
  archiveMode: string;
  superuser: boolean;
}

/** The oldest server that Firedrill supports: pg_terminate_backend that waits came with PostgreSQL 14. */
const oldest = 140_000;

/** @throws UNSUPPORTED_VERSION, PERMISSION_DENIED */
export async function inspectServer(client: Client): Promise<Server> {
  const { rows: versions } = await client.query<{ number: number; version: string }>(
    "select current_setting('server_version_num')::int as number, current_setting('server_version') as version",
  );
  const { number = 0, version = "" } = versions[0] ?? {};
  if (number < oldest)
    throw fail(
      "UNSUPPORTED_VERSION",
      `the server is PostgreSQL ${version}; Firedrill needs 14 or newer`,
      "Upgrade the server.",
    );
  const { rows } = await client.query<Omit<Server, "versionNumber" | "version">>(`
    select (select system_identifier::text from pg_control_system()) as "systemIdentifier",
           coalesce((select setting from pg_settings where name = 'data_directory'), '') as "dataDirectory",
           pg_is_in_recovery() as "inRecovery",
           (select count(*)::int from pg_stat_replication where application_name <> 'pg_basebackup') as replicas,
           current_setting('archive_mode') as "archiveMode",
           (select rolsuper from pg_roles where rolname = current_user) as superuser`);
  return { versionNumber: number, version, ...rows[0]! };
}

/** The moment by the server's own clock, ISO 8601 in UTC with microseconds. */
export async function serverNow(client: Client): Promise<string> {
  const { rows } = await client.query<{ now: string }>(`select ${isoOf("clock_timestamp()")} as now`);
  return rows[0]!.now;
}

/** SQL that writes a timestamp as ISO 8601 in UTC, so that it survives JSON without a change. */
export function isoOf(expression: string): string {
  return `to_char((${expression}) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}
