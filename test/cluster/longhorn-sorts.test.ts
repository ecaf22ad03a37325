import { afterAll, afterEach, beforeAll, expect, vi } from "vitest";
import { waitUntil } from "../../lab/cluster/kubectl.ts";
import { recheck } from "../../src/report/recheck.ts";
import { step } from "../support/drill.ts";
import {
  type AnyLonghorn,
  createAnyLonghorn,
  keeping,
  longhornTest as test,
  storageClass,
  timeouts,
} from "../support/longhorn-anywhere.ts";
import { ours } from "../support/longhorn-traces.ts";
import { type App, appManifests, bringUpApp, longhornComponent, planVolumes, untilUp } from "../support/volume-app.ts";
import { check, component, givenUp, questions } from "../support/volume-questions.ts";

/** Volumes that are shared, encrypted, or backed up by a RecurringJob; where they can be drilled as in longhorn-anywhere. */

vi.setConfig(timeouts);

const encrypting = `${ours}encrypted`;
const [shared, nightly, crypto] = ["shared", "nightly", "crypto"].map((app) => ours + app) as [string, string, string];
const sorts: Record<string, App> = {
  [shared]: { storageClass: keeping, accessMode: "ReadWriteMany", replicas: 2 },
  [nightly]: { storageClass: keeping },
  [crypto]: { storageClass: encrypting },
};
/** A key for each claim, in a Secret that has the claim's name. */
const secretOfClaim = Object.fromEntries(
  ["provisioner", "node-stage", "node-publish"].flatMap((use) => [
    [`csi.storage.k8s.io/${use}-secret-name`, "${pvc.name}"],
    [`csi.storage.k8s.io/${use}-secret-namespace`, "${pvc.namespace}"],
  ]),
);
const keyOf = (namespace: string, key = "a key of the test") => `
{ apiVersion: v1, kind: Namespace, metadata: { name: ${namespace} } }
---
apiVersion: v1
kind: Secret
metadata: { name: data, namespace: ${namespace} }
stringData: { CRYPTO_KEY_VALUE: "${key}", CRYPTO_KEY_PROVIDER: secret }
`;

let place: AnyLonghorn;
/** When all files of all applications were there. */
let filledAt = 0;
beforeAll(async () => {
  place = await createAnyLonghorn("lh-sorts", ["shared", "nightly", "crypto"]);
  await place.apply(storageClass(encrypting, "Retain", { encrypted: "true", ...secretOfClaim }));
  await place.apply(keyOf(crypto));
  await Promise.all(Object.entries(sorts).map(([namespace, app]) => bringUpApp(place, namespace, app)));
  filledAt = Date.now();
  await place.noteVolumes();
});
afterEach(() => place?.noteVolumes());
afterAll(() => place?.remove());

const { k, inPod, sums, volumeOf, backupsOf, nothingBeside, ended, lose } = questions(() => place);
/** One component, that has the name of its application. */
const plan = async (namespace: string, of: object = {}, more: object = {}) => {
  const name = namespace.slice(ours.length);
  await planVolumes(place, [longhornComponent(place, namespace, { name, ...of })], more);
};
const exercise = async (scenario: "volume" | "none") => await (await place.start("exercise", { scenario })).end();
const whole = { verdict: "PASS", refusals: [], diagnosis: [], leftovers: [] };
const specOf = async (volume: string, field: string) =>
  await k(`-n longhorn-system get volumes.longhorn.io ${volume} -o jsonpath={.spec.${field}}`);
const podsOf = async (namespace: string) => (await k(`-n ${namespace} get pods -l app=shop -o name`)).split("\n");

test("a volume that two pods share is lost under both, and both have the same files again", async () => {
  const volume = `${shared}-data`;
  await plan(shared, { volume });
  const files = await sums(shared);
  const record = await exercise("volume");
  expect(record).toMatchObject(whole);
  await untilUp(place, shared, sorts[shared]);
  expect(await volumeOf(shared)).toBe(volume);
  expect(await k(`-n ${shared} get pvc data -o jsonpath={.spec.accessModes}`)).toBe('["ReadWriteMany"]');
  expect(await k(`get pv ${volume} -o jsonpath={.spec.accessModes}`)).toBe('["ReadWriteMany"]');
  expect(await specOf(volume, "accessMode")).toBe("rwx");
  const pods = await podsOf(shared);
  expect(pods).toHaveLength(2);
  for (const pod of pods) expect(await sums(shared, pod)).toBe(files);
  await inPod(shared, "echo here > /data/uploads/new", pods[0]);
  expect(await inPod(shared, "cat /data/uploads/new", pods[1])).toBe("here");
  expect(recheck(record).found).toEqual([]);
});

test("an encrypted volume is lost, and comes back encrypted, with the secrets of its key", async () => {
  const [volume, before] = [`${crypto}-data`, await volumeOf(crypto)];
  expect(await specOf(before, "encrypted")).toBe("true");
  await plan(crypto, { volume });
  const files = await sums(crypto);
  const record = await exercise("volume");
  expect(record).toMatchObject(whole);
  expect(check(record, "volume")!.expected).toContain("encrypted true");
  expect(await volumeOf(crypto)).toBe(volume);
  expect(await specOf(volume, "encrypted")).toBe("true");
  expect(await secretsOf(volume)).toEqual(secretsOfCrypto);
  expect(await sums(crypto)).toBe(files);
  expect(recheck(record).found).toEqual([]);
});

const secretsOfCrypto = Array.from({ length: 2 }, () => ({ name: "data", namespace: crypto }));
const secretsOf = async (pv: string) => {
  const text = await k(`get pv ${pv} -o jsonpath=[{.spec.csi.nodeStageSecretRef},{.spec.csi.nodePublishSecretRef}]`);
  return JSON.parse(text) as object[];
};

test("a real loss of an encrypted volume: its StorageClass says that it was, and where its key is", async () => {
  const [volume, files] = [`${crypto}-data`, await sums(crypto)];
  await lose(crypto);
  await place.apply(keyOf(crypto));
  await plan(crypto, { volume, workload: undefined, image: place.image });
  const record = await (await place.start("restore")).end();
  expect(record).toMatchObject({ verdict: "PASS", leftovers: [] });
  expect(await specOf(volume, "encrypted")).toBe("true");
  expect(await secretsOf(volume)).toEqual(secretsOfCrypto);
  await place.apply(appManifests(place, crypto, sorts[crypto]));
  await untilUp(place, crypto);
  expect(await volumeOf(crypto)).toBe(volume);
  expect(await sums(crypto)).toBe(files);
  expect(recheck(record).found).toEqual([]);
});

test("without any backup of the RecurringJob nothing is lost", async () => {
  await plan(nightly, { backup: { recurring: "weekly" } }, givenUp);
  const [before, pods, volume] = [await uidOf(nightly), await podsOf(nightly), await volumeOf(nightly)];
  const record = await ended("exercise", { scenario: "volume" });
  expect(record).toMatchObject({ verdict: "FAIL", status: "aborted", leftovers: [] });
  expect(step(record, "backup/nightly").failures[0]).toMatchObject({
    type: "NO_BACKUP",
    message: `RecurringJob weekly has made no backup of volume ${volume}`,
  });
  expect([await uidOf(nightly), await podsOf(nightly), await volumeOf(nightly)]).toEqual([before, pods, volume]);
  expect(await backupsOf(volume)).toEqual([]);
});

test("the newest backup of a RecurringJob is pinned, proven and restored beside, and no other one is made", async () => {
  const volume = await volumeOf(nightly);
  // What was written in the minute before a backup is not compared: clocks are not the same.
  await waitUntil("the files are old enough", 120_000, () => Promise.resolve(Date.now() - filledAt > 75_000));
  // A newer one of nobody's job would be the wrong one.
  await backUp(volume, `${ours}nightly-1`, "nightly");
  await backUp(volume, `${ours}weekly-1`, "weekly");
  await plan(nightly, { backup: { recurring: "nightly" } });
  const record = await exercise("none");
  expect(record).toMatchObject(whole);
  expect(component(record).backup).toMatchObject({ id: `${ours}nightly-1` });
  expect(component(record).checks.map(({ name }) => name)).toEqual(["files", "volume", "origin"]);
  expect(check(record, "origin")!.found).toContain(`${ours}nightly-1`);
  expect(step(record, "backup/nightly").note).toContain("as far as they are unchanged since");
  expect(await backupsOf(volume)).toHaveLength(2);
  await nothingBeside(nightly, "nightly");
  expect(recheck(record).found).toEqual([]);
});

const uidOf = async (namespace: string) => await k(`-n ${namespace} get pvc data -o jsonpath={.metadata.uid}`);

/** As a RecurringJob of Longhorn makes it. */
async function backUp(volume: string, name: string, job: string): Promise<void> {
  const metadata = `metadata: { name: ${name}, namespace: longhorn-system`;
  const labels = `labels: { RecurringJob: ${job} }`;
  const status = async (kind: string, field: string) =>
    await k(`-n longhorn-system get ${kind}.longhorn.io ${name} -o jsonpath={.status.${field}}`);
  await place.apply(
    `{ apiVersion: longhorn.io/v1beta2, kind: Snapshot, ${metadata} }, spec: { volume: ${volume}, createSnapshot: true, ${labels} } }`,
  );
  await waitUntil(`snapshot ${name} is taken`, 120_000, async () =>
    (await status("snapshots", "creationTime")).startsWith("20"),
  );
  await place.apply(
    `{ apiVersion: longhorn.io/v1beta2, kind: Backup, ${metadata}, labels: { backup-volume: ${volume} } }, spec: { snapshotName: ${name}, ${labels} } }`,
  );
  await waitUntil(`backup ${name} is in the store`, 300_000, async () =>
    (await status("backups", "lastSyncedAt")).startsWith("20"),
  );
}
