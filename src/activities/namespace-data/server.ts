import { fail } from "../../failures.ts";
import type { NamespaceComponent } from "../../plan/namespace-schema.ts";
import type { PgDumpComponent } from "../../plan/schema.ts";
import { describeServer } from "../../plan/target.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Session } from "../kubernetes/session.ts";
import { type Client, withClient } from "../postgres/client.ts";
import { inspectServer } from "../postgres/server.ts";
import { type OwnedPod, ownedPods } from "./owned-pods.ts";

/** Whether the server that answers under a component's address is the one of the namespace. */

export interface Problem {
  problem: string;
  hint: string;
}

export interface DataServer {
  systemIdentifier: string;
  /** Why it is not the namespace's own, or why not all who work with it are known. */
  problems: Problem[];
}

/** What the namespace says of a component that it names. */
export function dataEntry({ data }: NamespaceComponent, { name }: PgDumpComponent) {
  return data!.find(({ component }) => component === name)!;
}

/** Asks the server where it runs, by its own address, which no Service or port of a node changes. */
export async function lookAtServer(
  session: Pick<Session, "cluster">,
  holder: NamespaceComponent,
  component: PgDumpComponent,
): Promise<DataServer> {
  const [{ systemIdentifier, address, clients }, all] = await Promise.all([
    withClient(component.connection, component.maintenanceDatabase, async (client) => ({
      systemIdentifier: (await inspectServer(client)).systemIdentifier,
      ...(await addressesOf(client, component.database)),
    })),
    ownedPods(session, holder.namespace),
  ]);
  const { server, users } = dataEntry(holder, component);
  const problems = [
    ...notWithin({ address, server, holder, component }, all),
    ...notNamed({ clients, server, users, holder, component }, all),
  ];
  return { systemIdentifier, problems };
}

async function addressesOf(client: Client, database: string): Promise<{ address: string | null; clients: string[] }> {
  const { rows } = await client.query<{ address: string | null; clients: string[] }>(
    `select host(inet_server_addr()) as address,
       array(select distinct host(client_addr) from pg_stat_activity
         where datname = $1 and client_addr is not null) as clients`,
    [database],
  );
  return rows[0]!;
}

interface Where {
  address: string | null;
  server: string;
  holder: NamespaceComponent;
  component: PgDumpComponent;
}

/** Pure: none where the address is that of a pod of the server. */
export function notWithin({ address, server, holder, component }: Where, all: OwnedPod[]): Problem[] {
  if (all.some(({ pod, owner }) => owner === server && addressesOfPod(pod).includes(address ?? ""))) return [];
  const at = address === null ? "is reached by a Unix socket" : `runs at ${address}`;
  return [
    {
      problem: `PostgreSQL at ${describeServer(component.connection)} ${at}, and that is no pod of ${server} in namespace ${holder.namespace}`,
      hint: `Correct \`server\` in the \`data\` of ${holder.name}, or the connection of ${component.name}: it must lead to the server of this very namespace.`,
    },
  ];
}

interface Who {
  clients: string[];
  server: string;
  users: string[];
  holder: NamespaceComponent;
  component: PgDumpComponent;
}

/** Pure: who is connected from within the namespace and is not among the users; and users of whom there is no pod. */
export function notNamed({ clients, server, users, holder, component }: Who, all: OwnedPod[]): Problem[] {
  const connected = all.filter(({ pod }) => addressesOfPod(pod).some((one) => clients.includes(one)));
  const others = [...new Set(connected.map(({ pod, owner }) => owner || `Pod/${pod.metadata.name}`))];
  const hint = `Name in \`users\`, in the \`data\` of ${holder.name}, whatever works with the database.`;
  return [
    ...others
      .filter((owner) => owner !== server && !users.includes(owner))
      .map((owner) => ({
        problem: `${owner} works with database ${component.database} and is not among its users`,
        hint,
      })),
    ...users
      .filter((user) => !all.some(({ owner }) => owner === user))
      .map((user) => ({ problem: `${user}, which it names as a user of ${component.database}, has no pods`, hint })),
  ];
}

function addressesOfPod({ status }: KubernetesObject): string[] {
  return ((status?.["podIPs"] ?? []) as { ip: string }[]).map(({ ip }) => ip);
}

/** @throws IDENTITY_CHANGED unless the server that answers is that of the namespace */
export async function requireServer(
  session: Pick<Session, "cluster">,
  holder: NamespaceComponent,
  component: PgDumpComponent,
): Promise<string> {
  const all = await ownedPods(session, holder.namespace);
  const { server } = dataEntry(holder, component);
  return await withClient(component.connection, component.maintenanceDatabase, async (client) => {
    const { address } = await addressesOf(client, component.database);
    const [first] = notWithin({ address, server, holder, component }, all);
    if (first !== undefined) throw fail("IDENTITY_CHANGED", first.problem, first.hint);
    return (await inspectServer(client)).systemIdentifier;
  });
}
