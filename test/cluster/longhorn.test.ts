import { afterAll, beforeAll, expect, test } from "vitest";
import { recheck } from "../../src/report/recheck.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { planFor } from "../support/cluster-drill.ts";
import { step } from "../support/drill.ts";
import { bringUpApp, createLonghornDrill, type LonghornDrill, longhornComponent } from "../support/longhorn-drill.ts";

/** Volumes are lost and come back; everything is real but Longhorn itself (lab/longhorn says what of it is). */

let drill: LonghornDrill;
const apps = ["shop", "beside", "killed", "elsewhere", "deleted"];
beforeAll(async () => {
  drill = await createLonghornDrill("g-longhorn", apps);
  await Promise.all(apps.map((name) => bringUpApp(drill, name, name === "deleted" ? "longhorn-delete" : "longhorn")));
  await drill.startWorker();
}, 600_000);
afterAll(() => drill.remove());

const exercise = async (scenario: "volume" | "none") => await drill.start("exercise", { scenario });
const component = (record: RunRecord) => record.components[0]!;
const check = (record: RunRecord, name: string) => component(record).checks.find((one) => one.name === name);
/** kubectl, with words that hold no spaces. */
const k = (line: string) => drill.kubectl(...line.split(" "));
const inPod = (namespace: string, command: string) =>
  drill.kubectl("-n", namespace, "exec", "deployment/shop", "--", "sh", "-c", command);
const sums = async (namespace: string) =>
  await inPod(namespace, "cd /data && find . -type f ! -path './.firedrill*' -exec sha256sum {} + | sort");
const volumeOf = async (namespace: string) => await k(`-n ${namespace} get pvc data -o jsonpath={.spec.volumeName}`);
const backupsOf = async (volume: string) =>
  (await k(`-n longhorn-system get backups -l backup-volume=${volume} -o name`))
    .split("\n")
    .filter((line) => line !== "");
/** A failed step is given up at once. */
const givenUp = { decisions: { within: "1s", otherwise: "abort" } };

async function ended(scenario: "volume" | "none"): Promise<RunRecord> {
  const run = await exercise(scenario);
  await run.handle.result().catch(() => undefined);
  return await run.record();
}

test("beside the live one: restored under another name, compared byte by byte, and removed again", async () => {
  await planFor(drill, [longhornComponent(drill, "beside")]);
  const before = await k("-n beside get pvc data -o jsonpath={.metadata.uid}");
  const record = await (await exercise("none")).end();
  expect(record).toMatchObject({ verdict: "PASS", refusals: [], diagnosis: [], leftovers: [] });
  expect(component(record).checks.map(({ name, passed }) => [name, passed])).toEqual(
    ["sentinel", "files", "volume", "origin"].map((name) => [name, true]),
  );
  expect(check(record, "files")!.found).toMatch(/^all \d+ as they were/);
  expect(step(record, "plant/beside").note).toContain(check(record, "sentinel")!.found);
  expect(step(record, "backup/proof/beside").note).toMatch(/^\d+ blocks read back from s3:/);
  expect(await k("-n beside get pvc data -o jsonpath={.metadata.uid}")).toBe(before);
  expect(await k("-n longhorn-system get volumes -o name")).not.toContain("fd-");
  expect(await k("-n beside get pvc,pods -o name")).not.toMatch(/fd-|firedrill/);
  expect(await inPod("beside", "ls -a /data")).not.toContain(".firedrill");
  expect(recheck(record).found).toEqual([]);
});

test("a volume is lost under its workload, and comes back under its well-known name with every byte", async () => {
  await planFor(drill, [longhornComponent(drill, "shop", { volume: "shop-data" })]);
  const [before, files] = [await volumeOf("shop"), await sums("shop")];
  const record = await (await exercise("volume")).end();
  expect(record).toMatchObject({ verdict: "PASS", refusals: [], diagnosis: [], leftovers: [] });
  expect(record.summary).toMatch(/^shop: deleted, restored and proven to be back, 5 of 5 checks proven\./);
  expect(component(record).rto.seconds!).toBeGreaterThan(1);
  expect(component(record).rpo.seconds!).toBeLessThan(120);
  for (const { name, negativeControl } of component(record).checks.filter((one) => one.negativeControl !== null))
    expect({ name, passed: negativeControl!.passed }).toEqual({ name, passed: false });
  expect(await volumeOf("shop")).toBe("shop-data");
  expect(await k("get pv shop-data -o jsonpath={.spec.persistentVolumeReclaimPolicy}")).toBe("Retain");
  expect(await k(`-n longhorn-system get volume ${before}`)).toContain("not found");
  expect(await sums("shop")).toBe(files);
  expect(await inPod("shop", "ls -a /data")).not.toContain(".firedrill");
  expect(await k("-n shop get deployment shop -o jsonpath={.spec.replicas}")).toBe("1");
  // No backup goes with its volume.
  expect(await backupsOf(before)).toHaveLength(1);
  expect(recheck(record).found).toEqual([]);

  // And once more, now that it bears that name already.
  const again = await (await exercise("volume")).end();
  expect(again).toMatchObject({ verdict: "PASS" });
  expect(await sums("shop")).toBe(files);
});

test.each<[string, string, string, RegExp]>([
  ["backup-error", "none", "backup/beside", /Longhorn says Error of backup .*failed to write data/],
  ["backup-stuck", "none", "backup/beside", /standing still since .*InProgress, 37 %/],
  ["backup-config-missing", "none", "backup/beside", /backup_.*\.cfg is not there/],
  ["backup-config-truncated", "none", "backup/beside", /is no JSON: it was cut or overwritten/],
  ["backup-block-missing", "none", "backup/proof/beside", /block .* is not there/],
  ["backup-block-truncated", "none", "backup/proof/beside", /block .* cannot be read/],
  ["restore-stuck", "none", "restore/beside", /standing still since .*: 37 % restored/],
  ["restore-faulted", "none", "restore/beside", /volume fd-.* is faulted/],
])("%s: given up with that cause, and nothing is lost", async (misbehave, scenario, at, words) => {
  await planFor(drill, [longhornComponent(drill, "beside", { standstill: "10s" })], givenUp);
  await drill.order({ misbehave: misbehave as never });
  const record = await ended(scenario as "none");
  await drill.order();
  expect(record).toMatchObject({ verdict: "FAIL", status: "aborted", leftovers: [] });
  expect(step(record, at).failures[0]!.message).toMatch(words);
  expect(step(record, at).failures[0]!.hint).not.toBe("");
  expect(await k("-n longhorn-system get volumes -o name")).not.toContain("fd-");
  expect(recheck(record).found).toEqual([]);
});

test.each<[string, string, RegExp]>([
  ["restore-empty", "sentinel", /^no sentinel$/],
  ["restore-older", "sentinel", /^no sentinel$/],
  ["restore-altered", "files|sentinel", /altered|sha256/],
])("%s: FAIL, and the check says what is wrong", async (misbehave, names, words) => {
  await planFor(drill, [longhornComponent(drill, "beside")]);
  await drill.order({ misbehave: misbehave as never });
  const record = await (await exercise("none")).end();
  await drill.order();
  expect(record.verdict).toBe("FAIL");
  const failed = component(record).checks.filter(({ passed }) => !passed);
  expect(failed.some(({ name, found }) => new RegExp(names).test(name) && words.test(found))).toBe(true);
  expect(recheck(record).found).toEqual([]);
});

test("a store that Longhorn cannot reach, and a volume of policy Delete, are refused before anything is touched", async () => {
  await planFor(drill, [longhornComponent(drill, "deleted", { workload: undefined })]);
  const record = await ended("volume");
  expect(record.status).toBe("refused");
  expect(record.refusals.map(({ guard }) => guard)).toEqual(["reclaim-policy", "in-use"]);
  expect(await k("-n deleted get pvc data -o jsonpath={.status.phase}")).toBe("Bound");
});

test("a claim that somebody makes first is found, and nothing is written over its volume", async () => {
  await planFor(drill, [longhornComponent(drill, "elsewhere", { volume: "elsewhere-data" })], givenUp);
  const run = await exercise("volume");
  await run.until("destroy/elsewhere", "running", "done");
  await run.handle.executeUpdate("pause", { args: [{ by: "bert", reason: "test" }] });
  await run.until("restore/control/elsewhere", "paused");
  await drill.apply(`{ apiVersion: v1, kind: PersistentVolumeClaim, metadata: { name: data, namespace: elsewhere }, spec: {
    accessModes: [ReadWriteOnce], storageClassName: longhorn, resources: { requests: { storage: 64Mi } } } }`);
  await run.handle.executeUpdate("unpause", { args: [{ by: "bert", reason: "test" }] });
  await run.handle.result().catch(() => undefined);
  const record = await run.record();
  expect(record).toMatchObject({ verdict: "FAIL", status: "aborted", leftovers: [] });
  expect(step(record, "restore/elsewhere").failures[0]!.message).toMatch(
    /claim elsewhere\/data is (bound to volume pvc-.* instead of elsewhere-data|there already)/,
  );
  expect(await k("-n longhorn-system get volume elsewhere-data")).toContain("not found");
  // What was stopped goes on, also on this way out.
  expect(await k("-n elsewhere get deployment shop -o jsonpath={.spec.replicas}")).toBe("1");
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
  await planFor(drill, [longhornComponent(drill, "killed", { volume: "killed-data" })]);
  await drill.order({ misbehave: "slow" });
  const [volume, files] = [await volumeOf("killed"), await sums("killed")];
  const before = await backupsOf(volume);
  const run = await exercise("volume");
  await run.until(at, "running", "done");
  await drill.killWorker();
  await drill.startWorker();
  const record = await run.end();
  await drill.order();
  expect(record).toMatchObject({ verdict: "PASS", leftovers: [] });
  expect(await sums("killed")).toBe(files);
  expect(await backupsOf(volume)).toHaveLength(before.length + 1);
  expect(await volumeOf("killed")).toBe("killed-data");
  expect(recheck(record).found).toEqual([]);
});
