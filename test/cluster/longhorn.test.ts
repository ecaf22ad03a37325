import { afterAll, beforeAll, expect, test } from "vitest";
import { waitUntil } from "../../lab/cluster/kubectl.ts";
import { runName } from "../../src/report/begin.ts";
import { recheck } from "../../src/report/recheck.ts";
import { bringUp, planFor } from "../support/cluster-drill.ts";
import { step } from "../support/drill.ts";
import { createLonghornDrill, type LonghornDrill } from "../support/longhorn-drill.ts";
import { appManifests, bringUpApp, longhornComponent } from "../support/volume-app.ts";
import { component, givenUp, questions } from "../support/volume-questions.ts";

/** Longhorn misbehaves in every way that can be ordered, and Flux has a hand in what a drill loses. */

let drill: LonghornDrill;
beforeAll(async () => {
  drill = await createLonghornDrill("g-longhorn", ["beside", "harmed", "kept"]);
  // The last one Flux brings up.
  await Promise.all(["beside", "harmed"].map((name) => bringUpApp(drill, name)));
  await drill.startWorker();
}, 600_000);
afterAll(() => drill.remove());

const { k, sums, volumeOf, nothingBeside, ended } = questions(() => drill);
const namespaceOf = (name: string) => `{ apiVersion: v1, kind: Namespace, metadata: { name: ${name} } }\n`;

test("what Flux holds is suspended while the volume is lost, and goes on afterwards", async () => {
  await bringUp(drill, "kept", {
    files: { "infrastructure/namespace.yaml": namespaceOf("kept"), "apps/app.yaml": appManifests(drill, "kept") },
  });
  await planFor(drill, [longhornComponent(drill, "kept", { volume: "kept-data" })]);
  const suspended = async () => await k("-n flux-system get kustomization kept-apps -o jsonpath={.spec.suspend}");
  const run = await drill.start("exercise", { scenario: "volume" });
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
  const run = await drill.start("exercise", { scenario: "volume" });
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

test.each<[string, string, RegExp]>([
  ["restore-empty", "sentinel", /^no sentinel$/],
  ["restore-older", "sentinel", /^no sentinel$/],
  ["restore-altered", "files|sentinel", /altered|sha256/],
  ["restore-foreign", "sentinel", /^no sentinel$/],
])("%s: FAIL, and the check says what is wrong", async (misbehave, names, words) => {
  await planFor(drill, [longhornComponent(drill, "beside")], givenUp);
  await drill.order({ misbehave: misbehave as never });
  const record = await ended("exercise", { scenario: "none" });
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
  const record = await ended("exercise", { scenario: "none" });
  await drill.order();
  expect(record).toMatchObject({ verdict: "FAIL", status: "aborted", leftovers: [] });
  expect(step(record, `${at}/${name}`).failures[0]!.message).toMatch(words);
  expect(step(record, `${at}/${name}`).failures[0]!.hint).not.toBe("");
  await nothingBeside(name, name);
  expect(recheck(record).found).toEqual([]);
});
