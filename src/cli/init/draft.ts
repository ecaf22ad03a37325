import { join } from "node:path";
import { reserved } from "../../plan/component-parts.ts";
import type { Secret } from "../../plan/scalars.ts";
import type { Connection, Plan } from "../../plan/schema.ts";

/** What somebody has chosen to protect. */
export type Chosen =
  | { kind: "pgdump"; database: string; connection: Connection }
  | {
      kind: "pgbackrest";
      stanza: string;
      data: string;
      connection: Connection;
      configFile?: string;
      osUser?: string | undefined;
    };

/** All that a new plan is made of. */
export interface Draft {
  chosen: Chosen[];
  environment: Plan["environment"];
  /** Durations as people write them. */
  rto: string;
  rpo: string;
  /** Each database has its directory below it. */
  dumps: string;
  /** pgBackRest's configuration file. */
  config: string;
}

export const defaults = {
  environment: "dev",
  rto: "1h",
  rpo: "24h",
  dumps: "/var/backups/firedrill",
  config: "/etc/pgbackrest/pgbackrest.conf",
} as const;

/** Dumps of a week, where there is one a day. */
const keptDumps = 7;

/** The plan as it would be written in a file. One for production asks for an approval: without one it may destroy nothing. */
export function planOf(name: string, draft: Draft): object {
  const names = componentNames(draft.chosen);
  return {
    name,
    environment: draft.environment,
    objectives: { rto: draft.rto, rpo: draft.rpo },
    ...(draft.environment === "production" && { approvals: { destroy: 1 } }),
    components: draft.chosen.map((chosen, n) => ({
      name: names[n]!,
      kind: chosen.kind,
      ...component(chosen, names[n]!, draft),
    })),
  };
}

function component(chosen: Chosen, name: string, { dumps, config }: Draft): object {
  const connection = written(chosen.connection);
  if (chosen.kind === "pgdump")
    return { connection, database: chosen.database, dumps: join(dumps, name), retention: { count: keptDumps } };
  const { stanza, data, configFile, osUser } = chosen;
  return {
    connection,
    stanza,
    ...(config !== defaults.config && { config }),
    data,
    ...(configFile !== undefined && { configFile, ...debianCommands(configFile) }),
    ...(osUser !== undefined && { osUser }),
  };
}

function written({ host, port, user, password, tls }: Connection): object {
  return { host, port, user, ...(password !== undefined && { password }), ...(tls !== "prefer" && { tls }) };
}

/** Debian starts and stops a cluster by a program of its own, which systemd watches. */
function debianCommands(configFile: string): object {
  const [, version, cluster] = /^\/etc\/postgresql\/(\d+)\/([^/]+)\/postgresql\.conf$/.exec(configFile) ?? [];
  if (version === undefined || cluster === undefined) return {};
  const command = (...words: string[]) => ["pg_ctlcluster", version, cluster, ...words];
  return { start: command("start"), stop: command("stop", "--mode", "fast") };
}

/** Names of databases and stanzas as the plan allows them, each once. */
export function componentNames(chosen: Chosen[]): string[] {
  const taken = new Set(reserved);
  return chosen.map((one) => {
    const name = nameFrom(one.kind === "pgdump" ? one.database : one.stanza);
    let free = name;
    for (let n = 2; taken.has(free); n++) free = `${name.slice(0, 36)}-${n}`;
    taken.add(free);
    return free;
  });
}

/** "My_Shop" becomes "my-shop". */
function nameFrom(text: string): string {
  const dashed = text.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  return dashed.slice(0, 38).replaceAll(/^-+|-+$/g, "") || "data";
}

/** The same connection, with the password where a server asks for one over the network. */
export function withPassword(connection: Connection, password: Secret | undefined): Connection {
  return password === undefined ? connection : { ...connection, password };
}
