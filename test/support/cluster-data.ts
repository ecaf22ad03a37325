import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Layout } from "../../lab/cluster/layout.ts";
import { imageReference } from "../../lab/cluster/registry.ts";

/** An application with a database in its own namespace, that migrates by itself at its start; and somebody who looks at it from outside. */

export const password = "correct-horse";

/** Of the node, by which the server is reached from this machine. */
export const databasePort = 30_543;

const connectionOf = ({ nodeAddress: host }: Layout) => ({ host, port: databasePort, user: "postgres", password });

/**
 * The worst that an application does: it migrates statement by statement, each in a session of its own and with pauses, and then
 * writes one row into each of two tables. It comes up together with its server: nothing makes it wait.
 */
export function dataApp(layout: Layout, namespace: string): Record<string, string> {
  const image = `image: ${imageReference(layout, "postgres:1")}`;
  return {
    "infrastructure/namespace.yaml": `{ apiVersion: v1, kind: Namespace, metadata: { name: ${namespace} } }\n`,
    "infrastructure/postgres.yaml": `
apiVersion: v1
kind: Service
metadata: { name: postgres, namespace: ${namespace} }
spec: { type: NodePort, selector: { app: postgres }, ports: [{ port: 5432, nodePort: ${databasePort} }] }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: postgres, namespace: ${namespace} }
spec:
  serviceName: postgres
  selector: { matchLabels: { app: postgres } }
  template:
    metadata: { labels: { app: postgres } }
    spec:
      terminationGracePeriodSeconds: 5
      containers:
        - name: postgres
          ${image}
          env: [{ name: POSTGRES_DB, value: shop }, { name: POSTGRES_PASSWORD, value: ${password} }]
          readinessProbe: { exec: { command: [pg_isready, --quiet] }, periodSeconds: 1, timeoutSeconds: 10, failureThreshold: 10 }
          volumeMounts: [{ name: data, mountPath: /var/lib/postgresql }]
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`,
    "infrastructure/shop.yaml": `
apiVersion: apps/v1
kind: Deployment
metadata: { name: shop, namespace: ${namespace} }
spec:
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: shop
          ${image}
          env: [{ name: PGPASSWORD, value: ${password} }, { name: PGHOST, value: postgres }, { name: PGUSER, value: postgres }, { name: PGDATABASE, value: shop }]
          command:
            - sh
            - -c
            - |
              sql() { until psql -qAt -v ON_ERROR_STOP=1 -c "$1"; do sleep 0.3; done; }
              sql 'create table if not exists item (id bigserial primary key, name text)'
              sleep 1
              sql 'create table if not exists entry (id bigserial primary key, item bigint)'
              sleep 1
              sql 'create table if not exists migration (version int primary key)'
              sql 'insert into migration values (1) on conflict do nothing'
              touch /tmp/ready
              while sleep 0.5; do
                sql 'with i as (insert into item (name) values (md5(random()::text)) returning id) insert into entry (item) select id from i'
              done
          readinessProbe: { exec: { command: [test, -f, /tmp/ready] }, periodSeconds: 1 }
`,
    "apps/settings.yaml": `{ apiVersion: v1, kind: ConfigMap, metadata: { name: settings, namespace: ${namespace} }, data: { a: b } }\n`,
  };
}

/** What somebody saw who asked: how many rows each table has, or why there was no answer. */
export type Sight = { at: number } & ({ items: number; entries: number } | { error: string });

/** Asks again and again from outside, each time in a new session, as an application does that has lost its connection. */
export function lookAt(layout: Layout) {
  const sights: Sight[] = [];
  let going = true;
  const ask = async (): Promise<Sight> => {
    const client = new pg.Client({ ...connectionOf(layout), database: "shop", connectionTimeoutMillis: 2_000 });
    client.on("error", () => {});
    try {
      await client.connect();
      const { rows } = await client.query<{ items: number; entries: number }>(
        "select (select count(*)::int from item) as items, (select count(*)::int from entry) as entries",
      );
      return { at: Date.now(), ...rows[0]! };
    } catch (error) {
      return { at: Date.now(), error: (error as Error).message };
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  const looking = (async () => {
    for (; going; await sleep(50)) sights.push(await ask());
  })();
  return {
    async stop(): Promise<Sight[]> {
      going = false;
      await looking;
      return sights;
    },
  };
}

/** Runs statements in the application's database, or in another one. */
export async function sqlOf(layout: Layout, text: string, database = "shop"): Promise<pg.QueryResultRow[]> {
  const client = new pg.Client({ ...connectionOf(layout), database });
  await client.connect();
  try {
    return (await client.query<pg.QueryResultRow>(text)).rows;
  } finally {
    await client.end();
  }
}
