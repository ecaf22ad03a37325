import { fail } from "../../failures.ts";
import type { PgDumpComponent } from "../../plan/schema.ts";
import { type Client, describePlace, identifier } from "../postgres/client.ts";

/** What our user must be allowed to do before a database may go that it is to bring back. */

/** @throws PERMISSION_DENIED */
export async function requireCreate(client: Client, { connection }: PgDumpComponent): Promise<void> {
  const { rows } = await client.query<{ may: boolean }>(
    "select rolcreatedb or rolsuper as may from pg_roles where rolname = current_user",
  );
  if (rows[0]?.may === true) return;
  throw fail(
    "PERMISSION_DENIED",
    `user ${connection.user} may not create databases on ${connection.host}:${connection.port}`,
    `Run: alter role ${identifier(connection.user)} createdb`,
  );
}

/** Since this version the right to set a parameter can be given to a user. */
const grantableSince = 150_000;
/** Since this version who alters a role needs the admin option on it besides CREATEROLE. */
const adminSince = 160_000;

/**
 * The settings of a database come back with it, by `alter database … set` and `alter role … in database … set`. A user who
 * may not do that must know before the database is gone. Parameters that the server does not know count as a superuser's.
 * See has_parameter_privilege(), GRANT … ON PARAMETER and ALTER ROLE in PostgreSQL's documentation.
 * @throws PERMISSION_DENIED that names the parameters and the roles
 */
export async function requireSettable(
  client: Client,
  { connection, database }: PgDumpComponent,
  version: number,
): Promise<void> {
  const granted = version >= grantableSince ? "has_parameter_privilege(current_user, s.name, 'set')" : "false";
  const admin = version >= adminSince ? "pg_has_role(s.setrole, 'MEMBER WITH ADMIN OPTION')" : "true";
  const { rows } = await client.query<{ name: string | null; role: string | null }>(
    `with me as (select * from pg_roles where rolname = current_user),
     s as (select setrole, split_part(one, '=', 1) as name
       from pg_db_role_setting join pg_database d on d.oid = setdatabase, unnest(setconfig) one where d.datname = $1)
     select distinct case when (p.context is null or p.context = 'superuser') and not ${granted} then s.name end as name,
       case when s.setrole not in (0, me.oid) and not (me.rolcreaterole and not of.rolsuper and ${admin})
         then of.rolname end as role
     from me cross join s left join pg_settings p on lower(p.name) = lower(s.name) left join pg_roles of on of.oid = s.setrole
     where not me.rolsuper`,
    [database],
  );
  const some = (all: (string | null)[]) => [...new Set(all.filter((one) => one !== null))].toSorted().join(", ");
  const [names, roles] = [some(rows.map(({ name }) => name)), some(rows.map(({ role }) => role))];
  const where = describePlace(connection, database);
  if (names !== "")
    throw fail(
      "PERMISSION_DENIED",
      `${where} has settings that user ${connection.user} may not give it back: ${names}`,
      version >= grantableSince
        ? `Run as a superuser: grant set on parameter ${names} to ${identifier(connection.user)}`
        : "Name a superuser in the plan.",
    );
  if (roles === "") return;
  throw fail(
    "PERMISSION_DENIED",
    `${where} has settings of roles that user ${connection.user} may not alter: ${roles}`,
    `Name a superuser in the plan, or give the user CREATEROLE${version >= adminSince ? " and the admin option on these roles" : ""}.`,
  );
}
