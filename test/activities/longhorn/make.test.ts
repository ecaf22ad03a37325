import { afterEach, expect, test } from "vitest";
import { openCluster } from "../../../src/activities/kubernetes/client.ts";
import type { Cluster } from "../../../src/activities/kubernetes/cluster.ts";
import { requireFreeClaim, restoreVolume } from "../../../src/activities/longhorn/make.ts";
import type { Wish } from "../../../src/activities/longhorn/wish.ts";
import { describeFailure } from "../../../src/failures.ts";
import { type FakeApiServer, startFakeApiServer } from "../../support/fake-api-server.ts";

/** A volume that is there already where one is to be restored. */

let server: FakeApiServer | undefined;
afterEach(async () => await server?.stop());

const url = (backup: string, volume = "data") => `s3://x@y/?backup=${backup}&volume=${volume}`;
const limits = { within: 10_000, standstill: 10_000 };
const context = { signal: AbortSignal.timeout(10_000), progress: () => undefined };
const wish = {
  volume: {
    apiVersion: "longhorn.io/v1beta2",
    kind: "Volume",
    metadata: { name: "data", namespace: "longhorn-system" },
    spec: { fromBackup: url("pinned") },
  },
} as unknown as Wish;

/** @param volume the name of the one that the claim has, made from a backup or from none */
async function failureWith(volume: string, fromBackup: string, work: (cluster: Cluster) => Promise<unknown>) {
  const csi = { driver: "driver.longhorn.io", volumeHandle: volume };
  const there: Record<string, object> = {
    "/apis/longhorn.io/v1beta2": { resources: [{ name: "volumes", kind: "Volume", namespaced: true, verbs: [] }] },
    [`/apis/longhorn.io/v1beta2/namespaces/longhorn-system/volumes/${volume}`]: {
      metadata: { name: volume },
      spec: { fromBackup },
    },
    [`/api/v1/persistentvolumes/${volume}`]: { metadata: { name: volume }, spec: { csi } },
    "/api/v1/namespaces/shop/persistentvolumeclaims/data": {
      metadata: { name: "data", namespace: "shop" },
      spec: { volumeName: volume },
    },
  };
  server = await startFakeApiServer(({ method, path }, response) => {
    const found = there[path];
    const conflict = {
      kind: "Status",
      status: "Failure",
      code: 409,
      reason: "AlreadyExists",
      message: "there already",
    };
    response.writeHead(method === "POST" ? 409 : found === undefined ? 404 : 200, {
      "content-type": "application/json",
    });
    response.end(JSON.stringify(method === "POST" ? conflict : (found ?? {})));
  });
  const cluster = openCluster(server.kubeconfig());
  const failure = describeFailure(await work(cluster).catch((error: unknown) => error));
  await cluster.close();
  return failure;
}

const restored = async (cluster: Cluster) => await restoreVolume(cluster, wish, limits, context);
const claimed = async (cluster: Cluster) =>
  await requireFreeClaim(cluster, { namespace: "shop", claim: "data", volume: "data" }, url("pinned"));

test.each([
  ["the volume", "data", "newer", "data", restored, "made from backup newer, and not from the pinned pinned"],
  ["the volume, from another one's backup", "data", "x", "old", restored, "made from backup x of volume old, and not"],
  ["the claim's volume", "pvc-1", "newer", "data", claimed, "volume pvc-1 is there already, made from backup newer,"],
])("%s was restored from another backup: nobody is told to delete it", async (_, volume, backup, of, work, words) => {
  const failure = await failureWith(volume, url(backup, of), work);
  expect(failure).toMatchObject({ type: "TARGET_EXISTS", message: expect.stringContaining(words) as string });
  expect(failure.hint).toContain(`get backups.longhorn.io ${backup} pinned -o`);
  expect(failure.hint).toMatch(/Never delete it before .* Abort the run, and keep the volume\.$/);
  expect(failure.hint).not.toContain("empty");
});

test.each([
  ["the volume", "data", restored, "is not made from this backup"],
  ["the claim's volume", "pvc-1", claimed, "bound to volume pvc-1 instead of data"],
])("%s was made from none: it may be an empty one of GitOps", async (_, volume, work, words) => {
  const failure = await failureWith(volume, "", work);
  expect(failure).toMatchObject({ type: "TARGET_EXISTS", message: expect.stringContaining(words) as string });
  expect(failure.hint).toContain("If that volume is empty");
});
