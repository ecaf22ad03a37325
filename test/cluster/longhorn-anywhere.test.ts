import { afterAll, afterEach, beforeAll, expect, vi } from "vitest";
import { recheck } from "../../src/report/recheck.ts";
import { step } from "../support/drill.ts";
import {
  type AnyLonghorn,
  createAnyLonghorn,
  deleting,
  keeping,
  longhornTest as test,
  timeouts,
} from "../support/longhorn-anywhere.ts";
import { ours } from "../support/longhorn-traces.ts";
import { appManifests, bringUpApp, longhornComponent, planVolumes, untilUp } from "../support/volume-app.ts";
import { check, component, givenUp, questions } from "../support/volume-questions.ts";

/** Volumes are lost and come back: in the lab by the stand-in for Longhorn, and in any other cluster by a real one. */

vi.setConfig(timeouts);

let place: AnyLonghorn;
const apps = ["shop", "beside", "killed", "elsewhere", "deleted"];
beforeAll(async () => {
  place = await createAnyLonghorn("lh-anywhere", apps);
  await Promise.all(
    apps.map((app) => bringUpApp(place, ours + app, { storageClass: app === "deleted" ? deleting : keeping })),
  );
  await place.noteVolumes();
});
afterEach(() => place?.noteVolumes());
afterAll(() => place?.remove());

const { k, inPod, sums, volumeOf, backupsOf, nothingBeside, ended, lose } = questions(() => place);
const exercise = async (scenario: "volume" | "none") => await place.start("exercise", { scenario });
/** One component, that has the name of its application. */
const plan = async (app: string, of: object = {}, more: object = {}) =>
  await planVolumes(place, [longhornComponent(place, ours + app, { name: app, ...of })], more);
const [shop, beside, killed, elsewhere, deleted] = apps.map((app) => ours + app) as [
  string,
  string,
  string,
  string,
  string,
];
const wellKnown = `${shop}-data`;

test("beside the live one: restored under another name, compared byte by byte, and removed again", async () => {
  await plan("beside");
  const before = await k(`-n ${beside} get pvc data -o jsonpath={.metadata.uid}`);
  const record = await (await exercise("none")).end();
  expect(record).toMatchObject({ verdict: "PASS", refusals: [], diagnosis: [], leftovers: [] });
  expect(component(record).checks.map(({ name, passed }) => [name, passed])).toEqual(
    ["sentinel", "files", "volume", "origin"].map((name) => [name, true]),
  );
  expect(check(record, "files")!.found).toMatch(/^all \d+ as they were/);
  expect(step(record, "plant/beside").note).toContain(check(record, "sentinel")!.found);
  expect(step(record, "backup/proof/beside").note).toMatch(/^\d+ blocks read back from s3:/);
  expect(await k(`-n ${beside} get pvc data -o jsonpath={.metadata.uid}`)).toBe(before);
  await nothingBeside(beside, "beside");
  expect(await inPod(beside, "ls -a /data")).not.toContain(".firedrill");
  expect(recheck(record).found).toEqual([]);
});

test("a volume is lost under its workload, and comes back under its well-known name with every byte", async () => {
  await plan("shop", { volume: wellKnown });
  const [before, files] = [await volumeOf(shop), await sums(shop)];
  const record = await (await exercise("volume")).end();
  expect(record).toMatchObject({ verdict: "PASS", refusals: [], diagnosis: [], leftovers: [] });
  expect(record.summary).toMatch(/^shop: deleted, restored and proven to be back, 5 of 5 checks proven\./);
  expect(component(record).rto.seconds!).toBeGreaterThan(1);
  expect(component(record).rpo.seconds!).toBeLessThan(timeouts.testTimeout / 1_000);
  for (const { name, negativeControl } of component(record).checks.filter((one) => one.negativeControl !== null))
    expect({ name, passed: negativeControl!.passed }).toEqual({ name, passed: false });
  expect(await volumeOf(shop)).toBe(wellKnown);
  expect(await k(`get pv ${wellKnown} -o jsonpath={.spec.persistentVolumeReclaimPolicy}`)).toBe("Retain");
  expect(await k(`-n longhorn-system get volumes.longhorn.io ${before}`)).toContain("not found");
  expect(await sums(shop)).toBe(files);
  expect(await inPod(shop, "ls -a /data")).not.toContain(".firedrill");
  expect(await k(`-n ${shop} get deployment shop -o jsonpath={.spec.replicas}`)).toBe("1");
  // No backup goes with its volume.
  expect(await backupsOf(before)).toHaveLength(1);
  expect(recheck(record).found).toEqual([]);

  // And once more, now that it bears that name already.
  const again = await (await exercise("volume")).end();
  expect(again).toMatchObject({ verdict: "PASS" });
  expect(await sums(shop)).toBe(files);
});

test("a volume of policy Delete, with pods that nobody would stop, is refused before anything is touched", async () => {
  await plan("deleted", { workload: undefined });
  const record = await ended("exercise", { scenario: "volume" });
  expect(record.status).toBe("refused");
  expect(record.refusals.map(({ guard }) => guard)).toEqual(["reclaim-policy", "in-use"]);
  expect(await k(`-n ${deleted} get pvc data -o jsonpath={.status.phase}`)).toBe("Bound");
});

test("a claim that somebody makes first is found, and nothing is written over its volume", async () => {
  const wanted = `${elsewhere}-data`;
  await plan("elsewhere", { volume: wanted }, givenUp);
  const run = await exercise("volume");
  await run.until("destroy/elsewhere", "running", "done");
  await run.handle.executeUpdate("pause", { args: [{ by: "bert", reason: "test" }] });
  await run.until("restore/control/elsewhere", "paused");
  await place.apply(`{ apiVersion: v1, kind: PersistentVolumeClaim, metadata: { name: data, namespace: ${elsewhere} }, spec: {
    accessModes: [ReadWriteOnce], storageClassName: ${keeping}, resources: { requests: { storage: 64Mi } } } }`);
  await run.handle.executeUpdate("unpause", { args: [{ by: "bert", reason: "test" }] });
  await run.handle.result().catch(() => undefined);
  const record = await run.record();
  expect(record).toMatchObject({ verdict: "FAIL", status: "aborted", leftovers: [] });
  expect(step(record, "restore/elsewhere").failures[0]!.message).toMatch(
    new RegExp(`claim ${elsewhere}/data is (bound to volume pvc-.* instead of ${wanted}|there already)`),
  );
  expect(await k(`-n longhorn-system get volumes.longhorn.io ${wanted}`)).toContain("not found");
  // What was stopped goes on, also on this way out.
  expect(await k(`-n ${elsewhere} get deployment shop -o jsonpath={.spec.replicas}`)).toBe("1");
});

test("a real loss: the newest backup of the claim is found and restored", async () => {
  const files = await sums(shop);
  await lose(shop);
  await k(`create namespace ${shop}`);
  await plan("shop", { volume: wellKnown, workload: undefined, image: place.image });
  const record = await (await place.start("restore")).end();
  expect(record).toMatchObject({ verdict: "PASS", leftovers: [] });
  await place.apply(appManifests(place, shop, { storageClass: keeping }));
  await untilUp(place, shop);
  expect(await volumeOf(shop)).toBe(wellKnown);
  expect(await sums(shop)).toBe(files);
  // As its StorageClass says, and not as many as Longhorn makes by default.
  const replicas = `-n longhorn-system get volumes.longhorn.io ${wellKnown} -o jsonpath={.spec.numberOfReplicas}`;
  expect(await k(replicas)).toBe("1");
  expect(recheck(record).found).toEqual([]);
});

test.each([
  "plant/killed",
  "backup/killed",
  "backup/proof/killed",
  "destroy/killed",
  "restore/killed",
  "verify/killed",
  "verify/place/killed",
])("a worker that is killed in %s: the next one goes on, and nothing is done twice", async (at) => {
  await plan("killed", { volume: `${killed}-data` });
  await place.slow(true);
  const [volume, files] = [await volumeOf(killed), await sums(killed)];
  const before = await backupsOf(volume);
  const run = await exercise("volume");
  await run.until(at, "running", "done");
  await place.killWorker();
  await place.startWorker();
  const record = await run.end();
  await place.slow(false);
  expect(record).toMatchObject({ verdict: "PASS", leftovers: [] });
  expect(await sums(killed)).toBe(files);
  expect(await backupsOf(volume)).toHaveLength(before.length + 1);
  expect(await volumeOf(killed)).toBe(`${killed}-data`);
  expect(recheck(record).found).toEqual([]);
});
