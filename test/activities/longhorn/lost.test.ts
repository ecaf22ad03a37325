import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { listVolumes } from "../../../src/activities/longhorn/list.ts";
import type { StepContext } from "../../../src/activities/step.ts";
import { describeFailure } from "../../../src/failures.ts";
import { ClusterAccess } from "../../../src/plan/access-schema.ts";
import { LonghornComponent } from "../../../src/plan/longhorn-schema.ts";
import { type FakeApiServer, startFakeApiServer } from "../../support/fake-api-server.ts";

/** Which volumes a restore after a real loss means, where the plan means many: from a cluster in which some are still there. */

let server: FakeApiServer | undefined;
let directory = "";
afterEach(async () => {
  await server?.stop();
  await rm(directory, { recursive: true });
});

interface Thing {
  metadata: { name: string };
  spec?: object;
  status?: Record<string, unknown>;
}

/** By the plural of their kind. */
type World = Record<string, Thing[]>;

const named = (name: string) => ({ name, resourceVersion: "1" });
const store = { metadata: named("default"), spec: { backupTargetURL: "s3://x@y/" }, status: { available: true } };

function backup(claim: string, volume: string, state = "Completed", more: object = {}): Thing {
  const labels = { KubernetesStatus: JSON.stringify({ namespace: "shop", pvcName: claim }) };
  const times = { lastSyncedAt: "2026-11-28T08:01:00Z", snapshotCreatedAt: "2026-11-28T08:00:00Z" };
  const status = { state, volumeName: volume, labels, url: `s3://x@y/?volume=${volume}`, volumeSize: "1", ...times };
  return { metadata: named(`backup-of-${claim}-${state}`), spec: { labels }, status: { ...status, ...more } };
}

/** A claim with its volume. */
function live(claim: string, volume: string, spec: object = {}, status: object = { robustness: "healthy" }): World {
  const csi = { driver: "driver.longhorn.io", volumeHandle: volume };
  return {
    persistentvolumeclaims: [{ metadata: named(claim), spec: { volumeName: volume }, status: { phase: "Bound" } }],
    persistentvolumes: [{ metadata: named(volume), spec: { csi } }],
    volumes: [{ metadata: named(volume), spec, status: { ...status } }],
  };
}

const together = (...worlds: World[]): World =>
  Object.fromEntries(
    [...new Set(worlds.flatMap(Object.keys))].map((kind) => [kind, worlds.flatMap((world) => world[kind] ?? [])]),
  );

async function restoreList(world: World) {
  const all = together({ backuptargets: [structuredClone(store)] }, world);
  server = await startFakeApiServer(({ method, path, query }, response) => {
    const parts = path.split("/").slice(path.startsWith("/api/") ? 3 : 4);
    const [kind = "", name] = parts[0] === "namespaces" && parts.length > 2 ? parts.slice(2) : parts;
    const found = (all[kind] ?? []).find(({ metadata }) => metadata.name === name);
    // Longhorn reads its store as soon as it is told to.
    if (method === "PATCH" && found !== undefined)
      Object.assign(found.status!, { lastSyncedAt: "2100-01-01T00:00:00Z" });
    const body =
      kind === "namespaces"
        ? { metadata: { name, uid: "cluster" } }
        : name === undefined
          ? { kind: "List", metadata: { resourceVersion: "1" }, groups: [], versions: [], items: all[kind] ?? [] }
          : found;
    if (path === "/api" || path === "/apis")
      return void response.end(
        JSON.stringify({ kind: path === "/api" ? "APIVersions" : "APIGroupList", versions: [], groups: [] }),
      );
    response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" });
    if (query.get("watch") === null) response.end(JSON.stringify(body ?? {}));
    else response.flushHeaders();
  });
  directory = await mkdtemp(join(tmpdir(), "lost-"));
  const file = join(directory, "kubeconfig");
  await writeFile(file, server.kubeconfig(), { mode: 0o600 });
  const signal = AbortSignal.timeout(20_000);
  const context = { run: { type: "restore" }, signal, progress: () => undefined } as unknown as StepContext;
  const component = LonghornComponent.parse({ name: "homes", kind: "longhorn", namespace: "shop" });
  const access = ClusterAccess.parse({ kubeconfig: { file } });
  return await listVolumes({ component, access }, context, { withinMs: 5_000, requestMs: 5_000 });
}

const failureOf = async (world: World) => describeFailure(await restoreList(world).catch((error: unknown) => error));
const five = ["a", "b", "c", "d", "e"];
const backups = five.map((claim) => backup(claim, `pvc-${claim}`));
const livesBut = (...gone: string[]) =>
  five.filter((claim) => !gone.includes(claim)).map((claim) => live(claim, `pvc-${claim}`));

test("one of five is lost: it alone is restored, and the note names those that are there", async () => {
  const { volumes, note } = await restoreList(together({ backups }, ...livesBut("c")));
  expect(volumes).toEqual([{ name: "homes-c", of: { component: "homes", claim: "c" } }]);
  expect(note).toBe("1 volumes: c; left out, because they are there: a, b, d, e");
});

test("all are lost: all are restored", async () => {
  expect((await restoreList({ backups })).note).toBe("5 volumes: a, b, c, d, e");
});

test("none is lost: nothing is restored", async () => {
  const failure = await failureOf(together({ backups }, ...livesBut()));
  expect(failure).toMatchObject({ type: "TARGET_EXISTS", message: expect.stringContaining("a, b, c, d, e") as string });
});

test("one that was restored from a backup, under another name, is there", async () => {
  const restored = live("c", "other", { fromBackup: "s3://x@y/" }, { restoreInitiated: true, restoreRequired: false });
  const { note } = await restoreList(together({ backups }, ...livesBut("b", "c"), restored));
  expect(note).toBe("1 volumes: b; left out, because they are there: a, c, d, e");
});

test.each<[string, World]>([
  ["has an empty volume that was made after the loss", live("c", "new")],
  ["has a volume that is faulted", live("c", "pvc-c", {}, { robustness: "faulted" })],
  ["has a volume that is not restored to its end", live("c", "other", { fromBackup: "s3://x@y/" })],
  ["has lost its volume", { ...live("c", "pvc-c"), volumes: [] }],
])("a claim that %s is not left out: its own inspection refuses it by name", async (_, world) => {
  const { volumes } = await restoreList(together({ backups }, ...livesBut("c"), world));
  expect(volumes.map(({ of }) => of.claim)).toEqual(["c"]);
});

test("a claim that is gone, and of which no backup is complete, is named and not left out", async () => {
  const error = backup("f", "pvc-f", "Error", { error: "no space" });
  const failure = await failureOf({ backups: [...backups, error, backup("g", "pvc-g", "InProgress")] });
  expect(failure.type).toBe("NO_BACKUP");
  expect(failure.message).toMatch(/f \(Longhorn says Error of .*: no space\), g \(the backup is InProgress\)$/);
});

test("a backup that failed does not matter where another one is complete, or the volume is there", async () => {
  const errors = [backup("a", "pvc-a", "Error"), backup("f", "pvc-f", "Error")];
  const { note } = await restoreList(together({ backups: [...errors, ...backups] }, live("f", "pvc-f")));
  expect(note).toBe("5 volumes: a, b, c, d, e; left out, because they are there: f");
});

/** It says neither whose it is nor how old. */
const halfRead = (name: string, volume: string): Thing => ({
  metadata: { ...named(name), labels: { "backup-volume": volume } } as Thing["metadata"],
  spec: {},
  status: { state: "Completed" },
});

test("a backup that was not read counts for the claim that the store's file of its volume names", async () => {
  const labels = { KubernetesStatus: JSON.stringify({ namespace: "shop", pvcName: "f" }) };
  const backupvolumes = [{ metadata: named("pvc-f"), spec: { volumeName: "pvc-f" }, status: { labels } }];
  const failure = await failureOf({ backups: [...backups, halfRead("torn", "pvc-f")], backupvolumes });
  expect(failure.type).toBe("NO_BACKUP");
  expect(failure.message).toMatch(/complete: f \(the backup is Completed, but has no url,/);
});

test("a backup of which nobody can say whose it is stands in the note", async () => {
  const { note } = await restoreList({ backups: [...backups, halfRead("torn", "pvc-x")] });
  expect(note).toMatch(/^5 volumes: .*; nobody can say whose these backups are: torn \(the backup is Completed, but/);
});
