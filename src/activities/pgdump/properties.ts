import { rolesQuery, settingsQuery } from "../postgres/catalog.ts";
import { type Client, identifier, literal } from "../postgres/client.ts";
import type { Role } from "../postgres/fingerprint.ts";

/** What pg_dump leaves out unless it also names the database: what the database itself is like. */
export interface Properties {
  owner: string;
  encoding: string;
  collate: string;
  ctype: string;
  /** Who interprets the locale, PostgreSQL 15 and newer: c for libc, i for ICU, b for PostgreSQL itself. */
  localeProvider: "c" | "i" | "b";
  /** The locale of ICU or PostgreSQL itself. */
  locale: string | null;
  icuRules: string | null;
  connectionLimit: number;
  comment: string | null;
  /** GRANT statements' parts. */
  grants: { grantee: string; privilege: string; grantable: boolean }[];
  settings: { role: string; setting: string }[];
}

/** A role with what `create role` needs; `password` is PostgreSQL's own hash, null when it may not be read. */
export interface StoredRole extends Role {
  password: string | null;
}

export async function readProperties(client: Client): Promise<Properties> {
  // As JSON: the columns of locales differ from version to version.
  const { rows } = await client.query<Omit<Properties, "grants" | "settings">>(`
    select r.rolname as owner, pg_encoding_to_char(encoding) as encoding, datcollate as collate, datctype as ctype,
           coalesce(j ->> 'datlocprovider', 'c') as "localeProvider", coalesce(j ->> 'datlocale', j ->> 'daticulocale') as locale,
           j ->> 'daticurules' as "icuRules", datconnlimit as "connectionLimit", shobj_description(d.oid, 'pg_database') as comment
    from pg_database d join pg_roles r on r.oid = d.datdba, to_jsonb(d) j where datname = current_database()`);
  const { rows: grants } = await client.query<Properties["grants"][number]>(`
    select case when a.grantee = 0 then 'public' else a.grantee::regrole::text end as grantee, a.privilege_type as privilege, a.is_grantable as grantable
    from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a where d.datname = current_database() order by 1, 2`);
  const { rows: settings } = await client.query<Properties["settings"][number]>(settingsQuery);
  return { ...rows[0]!, grants, settings };
}

/** Password hashes stand in pg_authid, which superusers alone may read; without them roles come back without a password. */
export async function readRoles(client: Client): Promise<StoredRole[]> {
  const { rows: roles } = await client.query<Role>(rolesQuery);
  const { rows: may } = await client.query<{ may: boolean }>(
    "select has_table_privilege('pg_authid', 'select') as may",
  );
  if (!may[0]!.may) return roles.map((role) => ({ ...role, password: null }));
  const { rows } = await client.query<{ name: string; password: string | null }>(
    "select rolname as name, rolpassword as password from pg_authid where rolname = any($1)",
    [roles.map((role) => role.name)],
  );
  const passwords = new Map(rows.map((row) => [row.name, row.password]));
  return roles.map((role) => ({ ...role, password: passwords.get(role.name) ?? null }));
}

/** Creates the roles that are missing, and only those: a role that is there belongs to somebody. Returns their names. */
export async function createMissingRoles(client: Client, roles: StoredRole[]): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>("select rolname as name from pg_roles");
  const there = new Set(rows.map((row) => row.name));
  const missing = roles.filter((role) => !there.has(role.name));
  for (const role of missing) {
    await client.query(createRole(role));
    for (const setting of role.settings) await client.query(`alter role ${identifier(role.name)} ${setTo(setting)}`);
  }
  for (const role of missing) {
    for (const group of role.memberOf) await client.query(`grant ${identifier(group)} to ${identifier(role.name)}`);
  }
  return missing.map((role) => role.name);
}

function createRole(role: StoredRole): string {
  const flag = (on: boolean, word: string) => (on ? word : `NO${word}`);
  const options = [
    flag(role.super, "SUPERUSER"),
    flag(role.inherit, "INHERIT"),
    flag(role.createRole, "CREATEROLE"),
    flag(role.createDb, "CREATEDB"),
    flag(role.login, "LOGIN"),
    flag(role.replication, "REPLICATION"),
    flag(role.bypassRls, "BYPASSRLS"),
    `CONNECTION LIMIT ${role.connectionLimit}`,
    ...(role.validUntil === null ? [] : [`VALID UNTIL ${literal(role.validUntil)}`]),
    ...(role.password === null ? [] : [`PASSWORD ${literal(role.password)}`]),
  ];
  return `create role ${identifier(role.name)} with ${options.join(" ")}`;
}

/** `create database` for the scratch place, as like the lost one as the server allows. */
export function createDatabase(name: string, properties: Properties): string {
  const { owner, encoding, collate, ctype } = properties;
  return `create database ${identifier(name)} template template0 owner ${identifier(owner)} encoding ${literal(encoding)}
    lc_collate ${literal(collate)} lc_ctype ${literal(ctype)}${localeOf(properties)}`;
}

function localeOf({ localeProvider, locale, icuRules }: Properties): string {
  if (localeProvider === "c" || locale === null) return "";
  if (localeProvider === "b") return ` locale_provider builtin builtin_locale ${literal(locale)}`;
  const rules = icuRules === null ? "" : ` icu_rules ${literal(icuRules)}`;
  return ` locale_provider icu icu_locale ${literal(locale)}${rules}`;
}

/** Parameters whose stored value is a list that is quoted already (guc.h, GUC_LIST_QUOTE; the same list as pg_dump's). */
const quotedLists = new Set([
  "local_preload_libraries",
  "search_path",
  "session_preload_libraries",
  "shared_preload_libraries",
  "temp_tablespaces",
  "unix_socket_directories",
]);

/** The statements that give a new database its settings, which constraints and functions may read while it is filled. */
export function applySettings(name: string, { settings }: Properties): string[] {
  const database = identifier(name);
  return settings.map(({ role, setting }) => {
    const whom = role === "" ? `database ${database}` : `role ${role} in database ${database}`;
    return `alter ${whom} ${setTo(setting)}`;
  });
}

/** The statements that give a filled database its grants, comment and limit. */
export function applyProperties(name: string, { owner, grants, comment, connectionLimit }: Properties): string[] {
  const database = identifier(name);
  return [
    `revoke all on database ${database} from public, ${identifier(owner)}`,
    ...grants.map(
      ({ grantee, privilege, grantable }) =>
        `grant ${privilege} on database ${database} to ${grantee}${grantable && grantee !== "public" ? " with grant option" : ""}`,
    ),
    ...(comment === null ? [] : [`comment on database ${database} is ${literal(comment)}`]),
    `alter database ${database} connection limit ${connectionLimit}`,
  ];
}

/** The SET clause for a stored "name=value". */
function setTo(setting: string): string {
  const at = setting.indexOf("=");
  const [key, value] = [setting.slice(0, at), setting.slice(at + 1)];
  return `set ${identifier(key)} to ${quotedLists.has(key) ? value || "''" : literal(value)}`;
}
