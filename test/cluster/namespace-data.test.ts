import { readdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { applyManifests, waitUntil } from "../../lab/cluster/kubectl.ts";
import { recheck } from "../../src/report/recheck.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { dataApp, databasePort, lookAt, password, type Sight, sqlOf } from "../support/cluster-data.ts";
import {
  bringUp,
  type ClusterDrill,
  createClusterDrill,
  namespaceComponent,
  planFor,
} from "../support/cluster-drill.ts";
import { argoCdManifests } from "../support/cluster-gitops.ts";
import { step } from "../support/drill.ts";

/**
 * A namespace with a database: Flux makes the server anew, and the data comes from the dump, whatever the application does there
 * meanwhile. One namespace is drilled, lost and restored again and again: each test leaves it whole.
 */

// Two drills in one test, and Kubernetes takes its time where other work shares the machine.
vi.setConfig({ testTimeout: 480_000 });

let drill: ClusterDrill;
const rows = 20_000;
const sql = (text: string, database?: string) => sqlOf(drill.sandbox.layout, text, database);
const k = (line: string) => drill.kubectl(...line.split(" "));
const databases = async () =>
  (await sql("select datname from pg_database where not datistemplate order by 1", "postgres")).map(
    ({ datname }) => datname as string,
  );

/** The application has made its tables; now there is something in them. */
async function fill(): Promise<void> {
  await waitUntil(
    "the tables are there",
    60_000,
    async () =>
      await sql("select 1 from entry limit 1").then(
        () => true,
        () => false,
      ),
  );
  await sql(
    `insert into item (name) select md5(i::text) from generate_series(1, ${rows}) i;
     insert into entry (item) select id from item where id not in (select item from entry)`,
  );
}

/** What becomes of PostgreSQL's volume when its claim goes. */
async function reclaim(persistentVolumeReclaimPolicy: "Retain" | "Delete"): Promise<void> {
  const volume = await k("-n shop get pvc data-postgres-0 -o jsonpath={.spec.volumeName}");
  await drill.kubectl("patch", "pv", volume, "-p", JSON.stringify({ spec: { persistentVolumeReclaimPolicy } }));
}

beforeAll(async () => {
  drill = await createClusterDrill("test-data", ["shop"], true);
  const { layout } = drill.sandbox;
  await writeFile(join(drill.directory, "password"), `${password}\n`);
  await bringUp(drill, "shop", { files: dataApp(layout, "shop") });
  await fill();
  await plan();
  await drill.startWorker();
}, 600_000);
afterAll(() => drill.remove());

async function plan(of: object = {}): Promise<void> {
  const data = [{ component: "shop-db", server: "StatefulSet/postgres", users: ["Deployment/shop"] }];
  const loses = ["PersistentVolumeClaim/data-postgres-0"];
  const host = drill.sandbox.layout.nodeAddress;
  const database = {
    name: "shop-db",
    kind: "pgdump",
    connection: { host, port: databasePort, password: { file: join(drill.directory, "password") } },
    database: "shop",
    dumps: join(drill.directory, "dumps"),
  };
  const namespace = namespaceComponent("shop", { within: "4m", standstill: "2m", data, loses, ...of });
  await planFor(drill, [namespace, database], { objectives: { rto: "10m", rpo: "10m" } });
}

const exercise = async () => await drill.start("exercise", { scenario: "namespace" });
const restore = async () => await drill.start("restore", { scenario: "namespace" });
const checks = (record: RunRecord, name: string) => record.components.find((one) => one.name === name)!.checks;

/** Nobody may have seen anything but all, nothing, or what the application makes of an empty database before it is shut out. */
function requireNoHalf(sights: Sight[]): void {
  const seen = sights.flatMap((sight) => ("items" in sight ? [sight] : []));
  expect(seen.filter(({ items, entries }) => items !== entries && items > 1_000)).toEqual([]);
  expect(seen.filter(({ items }) => items > 1_000 && items < rows)).toEqual([]);
  // Once it is back it stays.
  const back = seen.slice(seen.findLastIndex(({ items }) => items < rows) + 1);
  expect(back.length).toBeGreaterThan(0);
}

/** Everybody is let in again, to what there is: an empty database. */
async function untilLetIn(): Promise<void> {
  await waitUntil("the application writes", 120_000, async () => {
    const [one] = await sql("select count(*)::int as n from entry").catch(() => [{ n: 0 }]);
    return (one as { n: number }).n > 0;
  });
}

test("deleted, rebuilt, and its data put into the new server before its application goes on there", async () => {
  const before = await sql("select system_identifier::text as id from pg_control_system()");
  const looking = lookAt(drill.sandbox.layout);
  const record = await (await exercise()).end();
  requireNoHalf(await looking.stop());

  expect(record).toMatchObject({ verdict: "PASS", refusals: [], diagnosis: [] });
  expect(await sql("select system_identifier::text as id from pg_control_system()")).not.toEqual(before);
  for (const name of ["sentinel", "heartbeats", "tables", "sequences", "roles", "place"])
    expect(checks(record, "shop-db").find((one) => one.name === name)).toMatchObject({ proven: true, passed: true });
  const [{ items }] = (await sql("select count(*)::int as items from item")) as [{ items: number }];
  expect(items).toBeGreaterThanOrEqual(rows);
  // What the new server and the application had begun there is beside, and nothing else.
  expect(await databases()).toEqual(["postgres", "shop", expect.stringMatching(/^shop_before_/)]);
  // The namespace counts as back when its data is.
  const at = (id: string) => Date.parse(step(record, id).endedAt!);
  expect(at("verify/place/shop-db")).toBeLessThan(at("rebuild/shop"));
  const [shop, data] = record.components;
  expect(data!.rto.seconds!).toBeLessThan(shop!.rto.seconds!);
  expect(data!.rpo.seconds!).toBeLessThan(60);
  expect(recheck(record).found).toEqual([]);
});

test("killed in the restore, and again before anybody is let in: PASS, and the database is put into place once", async () => {
  const run = await exercise();
  const looking = lookAt(drill.sandbox.layout);
  const restoring = await drill.hooks.hold({ moment: "program", step: "^restore.shop-db", what: "pg_restore" });
  await restoring.reached(240_000);
  await drill.killWorker();
  // While nobody works for the run, the application is up, and cannot get into the empty database.
  const shutOut = () => k("-n shop logs --tail=5 deployment/shop");
  await waitUntil("the application is shut out", 120_000, async () =>
    (await shutOut()).includes("not currently accepting connections"),
  );
  await restoring.release();
  const admitting = { moment: "sql-begin", step: "^verify/place/shop-db$", what: "allow_connections true" } as const;
  const placing = await drill.hooks.hold(admitting);
  await drill.startWorker();
  await placing.reached(240_000);
  await drill.killWorker();
  await placing.release();
  await drill.startWorker();
  const record = await run.end();

  expect(record).toMatchObject({ verdict: "PASS", diagnosis: [] });
  expect(step(record, "verify/place/shop-db").attempts).toBe(2);
  requireNoHalf(await looking.stop());
  const placed = (await drill.hooks.effects()).filter(
    ({ at, moment, what }) =>
      at > Date.parse(record.startedAt) && moment === "sql-end" && what.endsWith(' rename to "shop"'),
  );
  expect(placed).toHaveLength(1);
  expect(recheck(record).found).toEqual([]);
});

test("a dump that is cut short after the loss is no PASS; a restore then takes the one before it", async () => {
  const run = await exercise();
  const gone = await drill.hooks.hold({ moment: "step-begin", step: "^restore/shop-db$" });
  await gone.reached(240_000);
  const dumps = join(drill.directory, "dumps");
  const newest = (await readdir(dumps))
    .filter((name) => /^\d+T\d+Z-shop-db-[0-9a-f]+$/.test(name))
    .toSorted()
    .at(-1)!;
  const torn = (await readdir(join(dumps, newest, "data"))).find((name) => /^\d+\.dat/.test(name))!;
  await truncate(join(dumps, newest, "data", torn), 10);
  await gone.release();
  const waiting = await run.until("restore/shop-db", "waiting");
  expect(step(waiting, "restore/shop-db").failures).toMatchObject([{ type: "BACKUP_NOT_VERIFIED" }]);
  await run.decide("restore/shop-db", "abort");
  const failed = await run.end();
  expect(failed.verdict).toBe("FAIL");
  expect(failed.summary).toContain("Destroyed and not put back: shop");
  expect(recheck(failed).found).toEqual([]);
  await untilLetIn();

  const record = await (await restore()).end();
  expect(record).toMatchObject({ verdict: "PASS", refusals: [], diagnosis: [] });
  expect(step(record, "restore/shop-db").note).toContain(`skipped the dump ${join(dumps, newest)} was altered`);
  const [{ items }] = (await sql("select count(*)::int as items from item")) as [{ items: number }];
  expect(items).toBeGreaterThanOrEqual(rows);
  expect(recheck(record).found).toEqual([]);
});

test("terminated in the middle of the restore: everybody is let in again, and a restore brings the data back", async () => {
  const run = await exercise();
  const restoring = await drill.hooks.hold({ moment: "program", step: "^restore.shop-db", what: "pg_restore" });
  await restoring.reached(240_000);
  await run.handle.terminate("test");
  await restoring.release();
  await untilLetIn();
  const record = await (await restore()).end();
  expect(record).toMatchObject({ verdict: "PASS", refusals: [], diagnosis: [] });
  const [{ items }] = (await sql("select count(*)::int as items from item")) as [{ items: number }];
  expect(items).toBeGreaterThanOrEqual(rows);
});

test("a namespace that somebody deleted is restored, with its data; one that is whole is refused", async () => {
  const backup = await (await drill.start("backup", { components: ["shop-db"] })).end();
  expect(backup.verdict).toBe("PASS");
  const whole = await (await restore()).end();
  expect(whole).toMatchObject({ status: "refused", refusals: [{ guard: "nothing-lost", component: "shop" }] });

  await k("delete namespace shop");
  const looking = lookAt(drill.sandbox.layout);
  const record = await (await restore()).end();
  expect(record).toMatchObject({ verdict: "PASS", refusals: [], diagnosis: [] });
  requireNoHalf(await looking.stop());
  expect(checks(record, "shop").map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      "Namespace/shop",
      "StatefulSet/postgres",
      "PersistentVolumeClaim/data-postgres-0",
      "Deployment/shop",
    ]),
  );
  expect(record.rto.seconds).toBeGreaterThan(1);
  expect(recheck(record).found).toEqual([]);
});

test("a volume that is kept brings its data back by itself: nothing is restored over it", async () => {
  await reclaim("Retain");
  await plan({ loses: [] });
  const beside = await databases();
  const record = await (await exercise()).end();
  expect(record).toMatchObject({ verdict: "PASS", diagnosis: [] });
  expect(step(record, "restore/shop-db").note).toMatch(/^nothing to restore: shop came back with its volume/);
  expect(await databases()).toEqual(beside);
  expect(recheck(record).found).toEqual([]);
});

test("the same when Argo CD makes the server anew", async () => {
  const { sandbox, built } = drill;
  // Flux takes away all that it has made, and Argo CD makes it from the same files.
  await reclaim("Delete");
  await k("-n flux-system delete kustomization shop-apps shop-infrastructure");
  await waitUntil("Flux has taken it away", 120_000, async () => (await k("get namespace shop")).includes("not found"));
  await applyManifests(sandbox.layout, built, argoCdManifests(sandbox.layout, "shop"));
  const state = "-n argocd get application shop -o jsonpath={.status.sync.status},{.status.health.status}";
  await waitUntil("Argo CD has it", 120_000, async () => (await k(state)) === "Synced,Healthy");
  await fill();
  await plan();
  const looking = lookAt(sandbox.layout);
  const record = await (await exercise()).end();
  expect(record).toMatchObject({ verdict: "PASS", refusals: [], diagnosis: [] });
  requireNoHalf(await looking.stop());
  const [{ items }] = (await sql("select count(*)::int as items from item")) as [{ items: number }];
  expect(items).toBeGreaterThanOrEqual(rows);
  expect(recheck(record).found).toEqual([]);
});
