import { sep } from "node:path";
import prettyBytes from "pretty-bytes";
import type { ComponentFacts } from "../../guard/facts.ts";
import { describeFailure, fail } from "../../failures.ts";
import type { PgBackRestComponent } from "../../plan/schema.ts";
import { targetOf } from "../../plan/target.ts";
import { exists, freeBytes } from "../files.ts";
import { withClient } from "../postgres/client.ts";
import { clusterLock } from "../postgres/locks.ts";
import { inspectServer, type Server } from "../postgres/server.ts";
import type { StepContext } from "../step.ts";
import type { Inspection } from "../verbs.ts";
import { backrestVersion } from "./client.ts";
import { checkOwner, controlData, findBin, isEmpty, isRunning, majorOf } from "./cluster.ts";
import { isListed, listLine, resolved, sameDirectory } from "./identity.ts";
import { identityOf, newestGood, readInfo, type Stanza } from "./info.ts";
import { linksOut } from "./outside.ts";
import { sameConfiguration } from "./configuration.ts";
import { remember } from "./memory.ts";
import { readRepositoryPaths } from "./repository-path.ts";
import { openWay } from "./scratch.ts";

type Input = { component: PgBackRestComponent; toTime: string | null };

/** Looks at server, data directory, programs and repository; changes nothing of them. */
export async function inspectPgBackRest({ component, toTime }: Input, context: StepContext): Promise<Inspection> {
  const version = await backrestVersion(component);
  const stanza = await readInfo(component);
  const live = await inspectLive(component).catch((error: unknown) => {
    // The loss may be real: then the server is what a restore has to bring back.
    if (context.run.type === "restore" && describeFailure(error).type === "SYSTEM_UNREACHABLE") return undefined;
    throw error;
  });
  if (context.run.type === "exercise" && context.run.scenario === "none") await openWay(component, context);
  const found =
    live === undefined ? await inspectLost(component, stanza) : await compareWithStanza(component, stanza, live);
  const { bin, identity, segmentBytes, facts } = found;
  await remember(context, component, "cluster", { bin, systemIdentifier: identity, segmentBytes });
  const chosen = context.run.type === "restore" ? newestGood(stanza, toTime) : undefined;
  const target = targetOf(component);
  const bytes = live?.bytes ?? chosen?.info.size ?? 0;
  return {
    target,
    note: `${live === undefined ? "no server answers" : `PostgreSQL ${live.server.version}, ${prettyBytes(bytes, { binary: true })}`}, pgBackRest ${version}, ${stanza.backup.length} backups${chosen === undefined ? "" : `; takes ${chosen.label}`}`,
    facts: {
      name: component.name,
      kind: component.kind,
      target,
      lock: clusterLock(identity),
      exists: !(await isEmpty(component.data)),
      identity,
      listed: isListed(component, identity, context),
      listLine: listLine(component, identity),
      denied: context.run.type === "exercise" || context.run.type === "audit" ? slotsOf(live) : null,
      ...facts,
      insideTarget: await insideData(component, context),
      space: await spaceFor(component, context, bytes),
    },
  };
}

type Found = {
  bin: string;
  identity: string;
  segmentBytes: number;
  facts: Pick<ComponentFacts, "inRecovery" | "replicas" | "tablespacesOutside" | "archiving">;
};

interface Live {
  server: Server;
  /** Names of its replication slots. */
  slots: string[];
  bytes: number;
  segmentBytes: number;
  archiving: boolean;
}

async function inspectLive(component: PgBackRestComponent): Promise<Live> {
  const { connection, database } = component;
  return await withClient(connection, database, async (client) => {
    const server = await inspectServer(client);
    await sameDirectory(component, server.dataDirectory);
    const { rows } = await client.query<{
      bytes: string;
      segment: number;
      failing: boolean;
      config: string | null;
      forced: string | null;
      slots: string[];
    }>(`
      select array(select slot_name::text from pg_replication_slots where not temporary order by 1) as slots,
             (select setting from pg_settings where name = 'config_file') as config,
             (select string_agg(name, ', ') from pg_settings where source = 'command line' and name in ('max_connections',
               'max_worker_processes', 'max_wal_senders', 'max_prepared_transactions', 'max_locks_per_transaction')) as forced, (select sum(pg_database_size(oid))::text from pg_database) as bytes,
             (select bytes_per_wal_segment from pg_control_init()) as segment,
             (select coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) from pg_stat_archiver) as failing`);
    const { bytes, segment, failing, config, forced, slots } = rows[0]!;
    await sameConfiguration(component, config, forced);
    const archiving = server.archiveMode !== "off" && !failing;
    return { server, slots, bytes: Number(bytes), segmentBytes: segment, archiving };
  });
}

/** Whoever reads from a slot finds out too late that pgBackRest does not restore it. */
function slotsOf(live: Live | undefined): string | null {
  if (live === undefined || live.slots.length === 0) return null;
  return `it has replication slots (${live.slots.join(", ")}), which no restore brings back`;
}

/** The server must be the one of the data directory, and the stanza's. @throws IDENTITY_CHANGED, PERMISSION_DENIED */
async function compareWithStanza(component: PgBackRestComponent, stanza: Stanza, live: Live): Promise<Found> {
  const { server, segmentBytes, archiving } = live;
  await checkOwner(component);
  if (identityOf(stanza) !== server.systemIdentifier) {
    throw fail(
      "IDENTITY_CHANGED",
      `stanza ${component.stanza} belongs to cluster ${identityOf(stanza)}, but ${server.systemIdentifier} runs in ${component.data}`,
      "Check stanza, port and data directory in the plan.",
    );
  }
  const { inRecovery, replicas } = server;
  const tablespacesOutside = await linksOut(component.data);
  const bin = await findBin(Math.floor(server.versionNumber / 10_000));
  return {
    bin,
    identity: server.systemIdentifier,
    segmentBytes,
    facts: { inRecovery, replicas, tablespacesOutside, archiving },
  };
}

/** What is known without a server: pg_control where it is still there, the stanza otherwise. */
async function inspectLost(component: PgBackRestComponent, stanza: Stanza): Promise<Found> {
  const { data, osUser } = component;
  const major = (await majorOf(data)) ?? Number.parseInt(stanza.db.at(-1)?.version ?? "", 10);
  const bin = await findBin(major);
  if (await exists(data)) await checkOwner(component);
  if (await isRunning(bin, data, osUser)) {
    throw fail(
      "SYSTEM_UNREACHABLE",
      `a server runs on ${data}, but it does not answer on port ${component.connection.port}`,
      "Check host and port in the plan, or stop that server.",
    );
  }
  const control = await controlData(bin, data, osUser);
  const identity = control?.systemIdentifier ?? identityOf(stanza);
  if (identity !== identityOf(stanza)) {
    throw fail(
      "IDENTITY_CHANGED",
      `stanza ${component.stanza} belongs to cluster ${identityOf(stanza)}, but ${data} holds ${identity}`,
    );
  }
  const inRecovery = control?.state === "in archive recovery";
  const facts = { inRecovery, replicas: 0, tablespacesOutside: await linksOut(data), archiving: null };
  return { bin, identity, segmentBytes: control?.segmentBytes ?? 16 * 1024 * 1024, facts };
}

/** Repository, records and state would go together with the data directory if they lay in it. */
async function insideData(component: PgBackRestComponent, { config }: StepContext): Promise<string[]> {
  const data = await resolved(component.data);
  const paths = [component.config, config.records, config.state, ...(await readRepositoryPaths(component))];
  const found = await Promise.all(paths.map(async (path) => ({ path, at: await resolved(path) })));
  return found.filter(({ at }) => at === data || at.startsWith(data + sep)).map(({ path }) => path);
}

/** Space is needed where a copy is made beside the live cluster, or beside what was moved out of the way. */
async function spaceFor(
  component: PgBackRestComponent,
  { run, directory }: StepContext,
  bytes: number,
): Promise<ComponentFacts["space"]> {
  if (run.type !== "restore" && !(run.type === "exercise" && run.scenario === "none")) return null;
  const path = run.scenario === "none" ? directory : component.data;
  return { path, freeBytes: await freeBytes(path), neededBytes: bytes + component.keepFree };
}
