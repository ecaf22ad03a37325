import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { waitUntil } from "../../lab/cluster/kubectl.ts";
import { commit } from "../../lab/gitops/repository.ts";
import { gitPlace } from "../../lab/services/services.ts";
import { layers, stackContents } from "../../lab/stack/contents.ts";
import { layersReady } from "../../lab/stack/raise.ts";
import { orderStack } from "../../lab/stack/stage.ts";
import { recheck } from "../../src/report/recheck.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { step } from "../support/drill.ts";
import { createHomelabDrill, type HomelabDrill, homelabComponents, homelabPlan } from "../support/homelab-drill.ts";

/** A whole cluster that Argo CD fills is destroyed and comes back; and does not, where one thing is broken on purpose. */

let drill: HomelabDrill;
beforeAll(async () => {
  drill = await createHomelabDrill("test-argo-homelab", true, undefined, "argocd");
  await drill.startWorker();
}, 600_000);
afterAll(() => drill.remove());
afterEach(async () => {
  await drill.hooks.clear();
  await orderStack(drill.stage, []);
});

interface Application {
  metadata: { name: string; annotations?: Record<string, string> };
  spec: object;
  operation?: object;
  status: {
    sync: { status: string };
    health: { status: string };
    operationState: { phase: string; startedAt: string; finishedAt: string };
  };
}

const application = async (name: string) => (await drill.read<Application>("argocd", "application", name))!;
const applications = async () => await Promise.all(layers.map(application));
const volumesOf = (record: RunRecord) => record.components.slice(1);
const uid = async () => await drill.kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}");
/** A step that fails is given up at once. */
const givingUp = { decisions: { within: "1s", otherwise: "abort" } };
const refresh = async (name: string) =>
  await drill.kubectl(
    ..."-n argocd annotate --overwrite application".split(" "),
    name,
    "argocd.argoproj.io/refresh=hard",
  );

/** Git holds the homelab without some files, and with others. */
async function changeGit(changes: Record<string, string>, without = /^$/): Promise<void> {
  const { services } = drill.stage;
  const files = Object.entries({ ...stackContents(services, "argocd"), ...changes });
  const kept = Object.fromEntries(files.filter(([path]) => !without.test(path)));
  await commit(gitPlace(services), "homelab", kept, "changed");
}

/** The cluster itself and one volume, as one that goes wrong needs no more; what the others hold may be lost. */
async function planOne(cluster: object): Promise<void> {
  const [homelab, data] = homelabComponents(drill);
  await drill.plan(
    [{ ...homelab, loses: ["shop/*", "longhorn-system/*"], ...cluster }, data!],
    homelabPlan(drill, givingUp),
  );
}

/** @param harm is done as the step begins */
async function goingWrong(when: string, harm: () => Promise<unknown>): Promise<RunRecord> {
  const hold = await drill.hooks.hold({ moment: "step-begin", step: `^${when}$` });
  const run = await drill.start("exercise", { scenario: "cluster" });
  await hold.reached(240_000);
  await harm();
  await hold.release();
  await run.handle.result().catch(() => "the record tells of it");
  return await run.record();
}

/** A digest of the files in a pod's volume, without those of the drill. */
async function digestOf(namespace: string, pod: string, path: string): Promise<string> {
  const script = `cd ${path} && find . -type f ! -name '.firedrill-*' -exec sha256sum {} + | sort`;
  const { ok, output } = await drill.ask("-n", namespace, "exec", pod, "--", "sh", "-ec", script);
  expect(ok, output).toBe(true);
  expect(output).toContain("./");
  return output;
}

const digests = async () => [
  await digestOf("shop", "deployment/website", "/pictures"),
  await digestOf("shop", "statefulset/ledger", "/ledger"),
  await digestOf("dr-exercise", "deployment/dr-exercise", "/data"),
];

test(
  "destroyed and made anew, with its volumes restored before Argo CD lets anything use them",
  { timeout: 900_000 },
  async () => {
    await drill.kubectl(
      ..."-n dr-exercise exec deployment/dr-exercise -- sh -ec".split(" "),
      "mkdir -p /data/letters; head -c 300000 /dev/urandom > /data/letters/large",
    );
    await drill.plan(homelabComponents(drill), homelabPlan(drill));
    const [before, specs, files] = [await uid(), (await applications()).map(({ spec }) => spec), await digests()];
    const run = await drill.start("exercise", { scenario: "cluster" });
    const record = await run.end();
    expect(record).toMatchObject({ verdict: "PASS", refusals: [], diagnosis: [], leftovers: [] });
    expect(recheck(record).found).toEqual([]);
    expect(await uid()).not.toBe(before);
    const checks = record.components.flatMap((one) => one.checks);
    expect(checks.filter(({ proven, passed }) => !proven || !passed)).toEqual([]);
    expect(step(record, "rebuild/homelab").note).toMatch(/with 1 ready nodes$/);

    const now = await applications();
    for (const { status, metadata, operation } of now) {
      expect(status, metadata.name).toMatchObject({ sync: { status: "Synced" }, health: { status: "Healthy" } });
      expect(metadata.annotations ?? {}).not.toHaveProperty("argocd.argoproj.io/skip-reconcile");
      expect(operation).toBeUndefined();
    }
    expect(now.map(({ spec }) => spec)).toEqual(specs);
    const [homelab] = record.components;
    const rows = homelab!.checks.filter(({ name }) => name.startsWith("Layer "));
    expect(rows.map(({ name, found }) => `${name}: ${found}`)).toEqual(
      layers.map((name) => `Layer ${name}: healthy and synced`),
    );
    // What uses the volumes comes after all others, and after the volumes were compared. Argo CD tells whole seconds.
    const began = Date.parse(now.at(-1)!.status.operationState.startedAt) + 1_000;
    const others = now.slice(0, -1).map(({ status }) => Date.parse(status.operationState.finishedAt));
    const verified = volumesOf(record).map(({ name }) => Date.parse(step(record, `verify/${name}`).endedAt!));
    expect(Math.max(...others, ...verified)).toBeLessThan(began);

    for (const claim of ["dr-exercise/data", "shop/pictures", "shop/books-ledger-0"]) {
      const [namespace = "", name = ""] = claim.split("/");
      const bound = await drill.read<{ spec: { volumeName: string } }>(namespace, "pvc", name);
      const volume = await drill.read<{ spec: { fromBackup: string } }>(
        "longhorn-system",
        "lhv",
        bound!.spec.volumeName,
      );
      expect(volume?.spec.fromBackup, claim).toMatch(/^s3:.*backup=/);
    }
    expect(await digests()).toEqual(files);
    expect(await drill.sentinels()).toEqual([]);
  },
);

test(
  "an Application whose path is missing in Git is refused before anything is destroyed",
  { timeout: 240_000 },
  async () => {
    const before = await uid();
    await planOne({});
    await changeGit({}, /^apps\//);
    await refresh("apps");
    await waitUntil(
      "Argo CD has seen it",
      60_000,
      async () => (await application("apps")).status.sync.status === "Unknown",
    );
    const run = await drill.start("exercise", { scenario: "cluster" });
    await run.handle.result().catch(() => "the record tells of it");
    const record = await run.record();
    expect(record.status).toBe("refused");
    const refusal = record.refusals.find(({ guard }) => guard === "gitops");
    expect(refusal?.message).toMatch(/layer apps is not ready: ComparisonError: .*apps: app path does not exist/);
    expect(await uid()).toBe(before);
  },
);

test(
  "one whose path goes while the backup is made ends the run before the destruction",
  { timeout: 240_000 },
  async () => {
    await allReady();
    const before = await uid();
    const record = await goingWrong("backup/proof/homelab", async () => await changeGit({}, /^apps\//));
    expect(record.verdict).toBe("FAIL");
    const [failure] = step(record, "backup/proof/homelab").failures;
    expect(failure).toMatchObject({ type: "BACKUP_NOT_VERIFIED" });
    expect(failure!.message).toMatch(/Application apps has a ComparisonError: .*apps: app path does not exist/);
    expect(await uid()).toBe(before);
  },
);

test(
  "one that does not become healthy in the new cluster fails the drill, by what fails",
  { timeout: 600_000 },
  async () => {
    await allReady();
    // Argo CD itself takes a while for many new definitions, where other work shares the machine.
    await planOne({ standstill: "75s" });
    const file = "apps/dr-exercise/deployment.yaml";
    const text = stackContents(drill.stage.services, "argocd")[file]!;
    const record = await goingWrong("destroy/layer/machines", async () => {
      await changeGit({ [file]: text.replace("localhost/busybox:1", "localhost/nothing:1") });
    });
    expect(record.verdict, record.summary).toBe("FAIL");
    const [failure] = step(record, "rebuild/gitops/homelab").failures;
    expect(failure?.message ?? record.summary).toMatch(
      /layer apps is not ready: .*localhost\/nothing:1.*\(Deployment\/dr-exercise/,
    );
    expect(record.summary).toContain("localhost/nothing:1");
  },
);

test(
  "one that nobody told to wait is faster than the run, which does not take its empty volumes for the restored ones",
  { timeout: 600_000 },
  async () => {
    await allReady();
    await planOne({});
    await orderStack(drill.stage, ["data-not-held"]);
    const run = await drill.start("exercise", { scenario: "cluster" });
    await run.handle.result().catch(() => "the record tells of it");
    const record = await run.record();
    expect(record.verdict, record.summary).toBe("FAIL");
    expect(step(record, "rebuild/homelab").note).toContain(
      "Argo CD had begun to sync apps before it could be held back",
    );
    const [failure] = step(record, "restore/data").failures;
    expect(failure).toMatchObject({ type: "TARGET_EXISTS" });
    expect(failure!.message).toMatch(/claim dr-exercise\/data is (bound to volume \S+ instead of|there already)/);
  },
);

/** Git is as it was, and Argo CD has made the cluster so. A run that was given up early leaves held what waits for data. */
async function allReady(): Promise<void> {
  await changeGit({});
  await drill.kubectl(..."-n argocd annotate application apps argocd.argoproj.io/skip-reconcile-".split(" "));
  for (const name of layers) await refresh(name);
  await waitUntil("all layers are ready", 120_000, async () => await layersReady(drill.stage, drill.built));
}
