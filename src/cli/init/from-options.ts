import { fail } from "../../failures.ts";
import type { Secret } from "../../plan/scalars.ts";
import type { Connection } from "../../plan/schema.ts";
import { type Chosen, withPassword } from "./draft.ts";
import type { Found, FoundServer } from "./look.ts";
import type { SaidPlace } from "./places.ts";

/** What options can say instead of answers. */
export interface ChoiceOptions extends SaidPlace {
  database?: string[];
  stanza?: string[];
  passwordEnv?: string;
  passwordFile?: string;
  data?: string;
}

export function passwordOf({ passwordEnv, passwordFile }: ChoiceOptions): Secret | undefined {
  if (passwordEnv !== undefined) return { env: passwordEnv };
  return passwordFile === undefined ? undefined : { file: passwordFile };
}

/** True when the options say what to protect; nothing is asked then. */
export function saysWhat({ database = [], stanza = [] }: ChoiceOptions): boolean {
  return database.length + stanza.length > 0;
}

/**
 * What the options name, completed by what was found.
 * @throws REQUEST_INVALID that names the options that are missing
 */
export function chosenBy(options: ChoiceOptions, found: Found): Chosen[] {
  const { database = [], stanza = [] } = options;
  return [
    ...database.map((name): Chosen => {
      const having = found.servers.filter(({ databases }) => databases.some((one) => one.name === name));
      return { kind: "pgdump", database: name, connection: connectionTo(having, options, `database ${name}`) };
    }),
    ...stanza.map((name) => chosenStanza(name, options, found)),
  ];
}

function chosenStanza(name: string, options: ChoiceOptions, found: Found): Chosen {
  const known = found.stanzas.find((one) => one.name === name);
  const servers = known?.server === undefined ? [] : [known.server];
  const data = options.data ?? known?.server?.dataDirectory ?? "";
  if (data === "")
    throw missing(`nothing says where the data of stanza ${name} lies`, "Add --data DIRECTORY, the cluster's PGDATA.");
  const connection = connectionTo(servers, options, `stanza ${name}`);
  return stanzaChoice(name, data, connection, known?.server, known?.osUser);
}

/** A postgresql.conf inside the data directory needs no word in the plan. */
export function stanzaChoice(
  stanza: string,
  data: string,
  connection: Connection,
  server: FoundServer | undefined,
  osUser: string | undefined,
): Chosen {
  const configFile = server?.configFile ?? "";
  const apart = configFile !== "" && !configFile.startsWith(`${data}/`);
  return { kind: "pgbackrest", stanza, data, connection, osUser, ...(apart && { configFile }) };
}

/** Where nothing says otherwise. */
export const usual = { host: "127.0.0.1", port: 5432, user: "postgres", tls: "prefer" } as const;

function connectionTo(servers: FoundServer[], options: ChoiceOptions, what: string): Connection {
  const fits = servers
    .map(({ connection }) => connection)
    .filter(({ host, port }) => (options.host ?? host) === host && (options.port ?? port) === port);
  if (fits.length > 1) {
    const where = fits.map(({ host, port }) => `${host}:${port}`).join(" and ");
    throw missing(`${what} is on ${where}`, "Add --host HOST and --port PORT.");
  }
  const { host, port, user } = options;
  const said = {
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(user !== undefined && { user }),
  };
  return withPassword({ ...(fits[0] ?? usual), ...said }, passwordOf(options));
}

function missing(message: string, hint: string) {
  return fail("REQUEST_INVALID", message, hint);
}
