import { afterAll, beforeAll, expect, test } from "vitest";
import { waitUntil } from "../../lab/cluster/kubectl.ts";
import { runName } from "../../src/report/begin.ts";
import { recheck } from "../../src/report/recheck.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { bringUp, planFor } from "../support/cluster-drill.ts";
import { step } from "../support/drill.ts";
import {
  appManifests,
  bringUpApp,
  createLonghornDrill,
  type LonghornDrill,
  longhornComponent,
  untilUp,
} from "../support/longhorn-drill.ts";

/** Volumes are lost and come back; everything is real but Longhorn itself (lab/longhorn says what of it is). */

let drill: LonghornDrill;
const apps = ["shop", "beside", "harmed", "killed", "elsewhere", "deleted", "kept"];
beforeAll(async () => {
  drill = await createLonghornDrill("g-longhorn", apps);
  // The last one Flux brings up.
  await Promise.all(
    apps.slice(0, -1).map((name) => bringUpApp(drill, name, name === "deleted" ? "longhorn-delete" : "longhorn")),
  );
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
/** What was made beside the live volume goes when its finalizers let it. */
const nothingBeside = async () =>
  await waitUntil("all that was made beside it is gone", 30_000, async () =>
    [await k("-n longhorn-system get volumes -o name"), await k("get pvc,pods,pv -A -o name")].every(
      (names) => !/\/(fd|firedrill)-/.test(names),
    ),
  );
const namespaceOf = (name: string) => `{ apiVersion: v1, kind: Namespace, metadata: { name: ${name} } }\n`;
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
  await nothingBeside();
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

test.each<[string, string, RegExp]>([
  ["restore-empty", "sentinel", /^no sentinel$/],
  ["restore-older", "sentinel", /^no sentinel$/],
  ["restore-altered", "files|sentinel", /altered|sha256/],
  ["restore-foreign", "sentinel", /^no sentinel$/],
])("%s: FAIL, and the check says what is wrong", async (misbehave, names, words) => {
  await planFor(drill, [longhornComponent(drill, "beside")], givenUp);
  await drill.order({ misbehave: misbehave as never });
  const record = await ended("none");
  await drill.order();
  expect(record).toMatchObject({ verdict: "FAIL", status: "done", leftovers: [] });
  const failed = component(record).checks.filter(({ passed }) => !passed);
  expect(failed.some(({ name, found }) => new RegExp(names).test(name) && words.test(found))).toBe(true);
  expect(recheck(record).found).toEqual([]);
});

test.each<[string, string, string, RegExp]>([
  ["backup-error", "beside", "backup", /Longhorn says Error of backup .*failed to write data/],
  ["backup-stuck", "beside", "backup", /standing still since .*InProgress, 37 %/],
  ["restore-stuck", "beside", "restore", /standing still since .*: 37 % restored/],
  ["restore-faulted", "beside", "restore", /volume fd-.* is faulted/],
  // What is damaged stays so, and later backups of that volume would use the same blocks.
  ["backup-config-missing", "harmed", "backup", /backup_.*\.cfg is not there/],
  ["backup-config-truncated", "harmed", "backup", /is no JSON: it was cut or overwritten/],
  ["backup-block-truncated", "harmed", "backup/proof", /block .* cannot be read/],
  ["backup-block-missing", "harmed", "backup/proof", /block .* is not there/],
])("%s: given up with that cause, and nothing is lost", async (misbehave, name, at, words) => {
  await planFor(drill, [longhornComponent(drill, name, { standstill: "10s" })], givenUp);
  await drill.order({ misbehave: misbehave as never });
  const record = await ended("none");
  await drill.order();
  expect(record).toMatchObject({ verdict: "FAIL", status: "aborted", leftovers: [] });
  expect(step(record, `${at}/${name}`).failures[0]!.message).toMatch(words);
  expect(step(record, `${at}/${name}`).failures[0]!.hint).not.toBe("");
  await nothingBeside();
  expect(recheck(record).found).toEqual([]);
});

test("a volume of policy Delete, with pods that nobody would stop, is refused before anything is touched", async () => {
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

test("what Flux holds is suspended while the volume is lost, and goes on afterwards", async () => {
  await bringUp(drill, "kept", {
    files: { "infrastructure/namespace.yaml": namespaceOf("kept"), "apps/app.yaml": appManifests("kept") },
  });
  await planFor(drill, [longhornComponent(drill, "kept", { volume: "kept-data" })]);
  const suspended = async () => await k("-n flux-system get kustomization kept-apps -o jsonpath={.spec.suspend}");
  const run = await exercise("volume");
  await run.until("restore/kept", "running", "done");
  expect(await suspended()).toBe("true");
  const record = await run.end();
  expect(record).toMatchObject({ verdict: "PASS", leftovers: [] });
  expect(step(record, "destroy/kept").note).toContain("stopped: Kustomization flux-system/kept-apps, Deployment shop");
  expect(await suspended()).not.toBe("true");
  // Flux finds the claim as Git has it, and leaves it so.
  await k(`-n flux-system annotate --overwrite kustomization kept-apps reconcile.fluxcd.io/requestedAt=${Date.now()}`);
  const ready =
    "-n flux-system get kustomization kept-apps -o jsonpath={.status.lastHandledReconcileAt},{.status.conditions[?(@.type=='Ready')].status}";
  await waitUntil("Flux is content", 60_000, async () => /^\d+,True$/.test(await k(ready)));
  expect(await volumeOf("kept")).toBe("kept-data");
});

test("given up after the loss: GitOps goes on, and what it made is in the way of who resumes; without it the volume comes back", async () => {
  await planFor(drill, [longhornComponent(drill, "kept", { volume: "kept-again", standstill: "10s" })]);
  const files = await sums("kept");
  await drill.order({ misbehave: "restore-stuck" });
  const run = await exercise("volume");
  await run.until("restore/kept", "waiting");
  await run.decide("restore/kept", "abort");
  await run.handle.result().catch(() => undefined);
  expect(await run.record()).toMatchObject({
    verdict: "FAIL",
    status: "aborted",
    leftovers: [
      { what: "Volume", where: "longhorn-system/kept-again", why: expect.stringContaining("lost volume") as string },
    ],
  });
  expect(await k("-n flux-system get kustomization kept-apps -o jsonpath={.spec.suspend}")).not.toBe("true");
  await drill.order();
  // Flux, which goes on, has made an empty one.
  await waitUntil("the claim is there again", 60_000, async () => (await volumeOf("kept")).startsWith("pvc-"));
  const empty = await volumeOf("kept");
  const resume = runName((await run.record()).run);
  const resumed = await drill.start("exercise", { scenario: "volume", resume });
  const waiting = await resumed.until("restore/kept", "waiting");
  expect(step(waiting, "restore/kept").failures[0]!.message).toContain(
    `bound to volume ${empty} instead of kept-again`,
  );
  await k("-n kept delete pvc data --wait=true");
  await k(`delete pv ${empty} --wait=false`);
  await k(`-n longhorn-system delete volume ${empty}`);
  await resumed.decide("restore/kept", "retry");
  await resumed.until("restore/kept", "done");
  expect(await resumed.end()).toMatchObject({ verdict: "PASS", leftovers: [] });
  expect(await sums("kept")).toBe(files);
});

test("a real loss: the newest backup of the claim is found and restored", async () => {
  const files = await sums("shop");
  const volume = await volumeOf("shop");
  await k("delete namespace shop --wait=true");
  await k(`delete pv ${volume}`);
  await k(`-n longhorn-system delete volume ${volume} --wait=true`);
  await drill.kubectl("create", "namespace", "shop");
  await planFor(drill, [
    longhornComponent(drill, "shop", { volume: "shop-data", workload: undefined, image: "localhost/busybox:1" }),
  ]);
  const record = await (await drill.start("restore")).end();
  expect(record).toMatchObject({ verdict: "PASS", leftovers: [] });
  await drill.apply(appManifests("shop"));
  await untilUp(drill, "shop");
  expect(await volumeOf("shop")).toBe("shop-data");
  expect((await sums("shop")).split("\n").filter((line) => !line.includes(".firedrill"))).toEqual(files.split("\n"));
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
