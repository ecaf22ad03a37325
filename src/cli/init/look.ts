import { type Client, withClient } from "../../activities/postgres/client.ts";
import { inspectServer } from "../../activities/postgres/server.ts";
import { describeFailure } from "../../failures.ts";
import type { Connection } from "../../plan/schema.ts";
import { isLocal, type Place, placesToLook, type SaidPlace, usersToTry } from "./places.ts";
import { findStanzas, type FoundStanza } from "./stanzas.ts";

const withinMs = 3_000;

/** A server that answered. */
export interface FoundServer {
  connection: Connection;
  version: string;
  systemIdentifier: string;
  /** Empty where the user may not know it, as `configFile`. */
  dataDirectory: string;
  configFile: string;
  databases: { name: string; bytes: number | null }[];
}

/** What there is to protect, as far as this host and this user can see. */
export interface Found {
  servers: FoundServer[];
  stanzas: FoundStanza[];
  /** What could not be looked at, and why. */
  unseen: { place: string; message: string }[];
}

/** Looks for PostgreSQL servers with their databases, and for pgBackRest's stanzas. Changes nothing. */
export async function lookAround(backrestConfig: string, said: SaidPlace): Promise<Found> {
  const looked = await Promise.all(placesToLook(said).map(lookAt));
  const servers = onceEach(looked.flatMap(({ server }) => (server === undefined ? [] : [server])));
  const { stanzas, unseen } = await findStanzas(backrestConfig, servers);
  return { servers, stanzas, unseen: [...looked.flatMap(({ unseen: one }) => one ?? []), ...unseen] };
}

interface Look {
  server?: FoundServer;
  unseen?: { place: string; message: string };
}

async function lookAt(place: Place): Promise<Look> {
  let failure: { type: string; message: string } | undefined;
  for (const user of usersToTry(place)) {
    const connection: Connection = { host: place.host, port: place.port, user, tls: place.tls };
    try {
      return {
        server: await withClient(connection, place.database, (client) => describe(client, connection), withinMs),
      };
    } catch (error) {
      failure = describeFailure(error);
      // Another user would not be answered either.
      if (failure.type !== "AUTHENTICATION_FAILED") break;
    }
  }
  const silent = failure === undefined || (failure.type === "SYSTEM_UNREACHABLE" && !place.named);
  return silent ? {} : { unseen: { place: `${place.host}:${place.port}`, message: failure!.message } };
}

async function describe(client: Client, connection: Connection): Promise<FoundServer> {
  const { version, systemIdentifier, dataDirectory } = await inspectServer(client);
  const { rows: databases } = await client.query<{ name: string; bytes: number | null }>(`
    select datname as name,
           case when has_database_privilege(datname, 'connect') then pg_database_size(datname)::float8 end as bytes
    from pg_database where datallowconn and not datistemplate and datname <> 'postgres' order by 1`);
  const { rows: files } = await client.query<{ path: string }>(
    "select coalesce((select setting from pg_settings where name = 'config_file'), '') as path",
  );
  // "15.18 (Debian 15.18-0+deb12u1)" says more than a person wants to read.
  return {
    connection,
    version: version.split(" ")[0]!,
    systemIdentifier,
    dataDirectory,
    configFile: files[0]!.path,
    databases,
  };
}

/** One server answers at its socket and at its port; the first place that was named counts. */
function onceEach(servers: FoundServer[]): FoundServer[] {
  const key = ({ connection: { host, port }, systemIdentifier }: FoundServer) =>
    `${systemIdentifier} ${isLocal(host) ? "this host" : host} ${port}`;
  return [...new Map(servers.toReversed().map((server) => [key(server), server])).values()].toReversed();
}
