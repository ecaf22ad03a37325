import { existsSync, globSync, readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import type { Connection } from "../../plan/schema.ts";

/** Where a PostgreSQL server may be, by what libpq's own programs know on this host. */
export interface Place {
  host: string;
  port: number;
  /** Undefined where nothing names one. */
  user: string | undefined;
  /** A database that can be connected to. */
  database: string;
  tls: Connection["tls"];
  /** Somebody wrote it down: that it does not answer is worth a word. */
  named: boolean;
}

const socketDirectories = ["/var/run/postgresql", "/tmp"];
const usual = { user: undefined, database: "postgres", tls: "prefer", named: false } as const;

/** What somebody says of a server. */
export interface SaidPlace {
  host?: string;
  port?: number;
  user?: string;
}

/** In the order of how much somebody meant them: said now, environment, service, password file, sockets, the usual port. */
export function placesToLook(
  { host, port, user }: SaidPlace = {},
  environment: NodeJS.ProcessEnv = process.env,
  home: string = homedir(),
): Place[] {
  return [
    ...(host === undefined && port === undefined ? [] : place({ host, port: port?.toString(), user })),
    ...fromEnvironment(environment),
    ...fromService(environment, home),
    ...fromPasswordFile(environment["PGPASSFILE"] ?? join(home, ".pgpass")),
    ...socketDirectories.flatMap(fromSockets),
    { ...usual, host: "127.0.0.1", port: 5432 },
  ];
}

/** A directory of a socket, or an address of this very host. */
export function isLocal(host: string): boolean {
  return /^(\/|127\.|localhost$|::1$)/.test(host);
}

/** Whom to connect as where nothing names a user: a server on this host may know the person, or its own superuser. */
export function usersToTry({ user }: Place): string[] {
  return user === undefined ? [...new Set(["postgres", userInfo().username])] : [user];
}

function fromEnvironment(environment: NodeJS.ProcessEnv): Place[] {
  const { PGHOST: host, PGPORT: port, PGUSER: user, PGDATABASE: database, PGSSLMODE: tls } = environment;
  if (host === undefined && port === undefined) return [];
  return place({ host, port, user, dbname: database, sslmode: tls });
}

/** The service that PGSERVICE names, of ~/.pg_service.conf. */
function fromService(environment: NodeJS.ProcessEnv, home: string): Place[] {
  const name = environment["PGSERVICE"];
  const file = environment["PGSERVICEFILE"] ?? join(home, ".pg_service.conf");
  if (name === undefined || !existsSync(file)) return [];
  const rows = readFileSync(file, "utf8").split(/\r?\n/);
  const start = rows.indexOf(`[${name}]`);
  if (start === -1) return [];
  const next = rows.findIndex((row, n) => n > start && row.startsWith("["));
  const section = rows.slice(start + 1, next === -1 ? undefined : next);
  return place(Object.fromEntries(section.flatMap((row) => (/^\w+=/.test(row) ? [halves(row)] : []))));
}

function halves(row: string): [string, string] {
  return [row.slice(0, row.indexOf("=")), row.slice(row.indexOf("=") + 1).trim()];
}

/** Lines of host:port:database:user:password, in which a backslash saves the next character. */
function fromPasswordFile(file: string): Place[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split(/\r?\n/)
    .filter((row) => row !== "" && !row.startsWith("#"))
    .map((row) => [...row.matchAll(/((?:\\.|[^:\\])*)(?::|$)/g)].map(([, field]) => field!.replaceAll(/\\(.)/g, "$1")))
    .flatMap(([host, port, database, user]) => {
      const said = (field: string | undefined) => (field === "*" || field === "" ? undefined : field);
      return said(host) === undefined
        ? []
        : place({ host, port: said(port), dbname: said(database), user: said(user) });
    });
}

function fromSockets(directory: string): Place[] {
  return globSync(join(directory, ".s.PGSQL.*")).flatMap((path) => {
    const port = Number(/\.s\.PGSQL\.(\d+)$/.exec(path)?.[1]);
    return port > 0 ? [{ ...usual, host: dirname(path), port }] : [];
  });
}

/** Of libpq's own keys. Several hosts in one, or a port that is none, say nothing that a plan could hold. */
function place(keys: Partial<Record<string, string>>): Place[] {
  const { host = "127.0.0.1", port = "5432", user, dbname, sslmode } = keys;
  const number = Number(port);
  if (!/^(\/|[^\s@=/,]+$)/.test(host) || !Number.isInteger(number) || number < 1 || number > 65535) return [];
  const tls = sslmode === "disable" || sslmode === "require" || sslmode === "verify-full" ? sslmode : "prefer";
  return [{ host, port: number, user, database: dbname ?? "postgres", tls, named: true }];
}
