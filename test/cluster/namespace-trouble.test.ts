import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startApiServer } from "../../lab/cluster/control-plane.ts";
import { applyManifests, waitUntil } from "../../lab/cluster/kubectl.ts";
import { stopWithin } from "../../lab/cluster/sandbox.ts";
import { recheck } from "../../src/report/recheck.ts";
import type { RunRecord } from "../../src/report/record.ts";
import {
  bringUp,
  type ClusterDrill,
  createClusterDrill,
  namespaceComponent,
  planFor,
  smallApp,
} from "../support/cluster-drill.ts";
import { step } from "../support/drill.ts";

/** Namespaces that do not go or come back as smoothly: Argo CD, an API server that is away, many objects, finalizers. */

let drill: ClusterDrill;
const many = 500;
beforeAll(async () => {
  drill = await createClusterDrill("test-trouble", ["argo", "stuck", "away", "many", "held", "alone"]);
  const { layout } = drill.sandbox;
  const maps = Array.from(
    { length: many },
    (_, n) => `{ apiVersion: v1, kind: ConfigMap, metadata: { name: c${n}, namespace: many }, data: { n: "${n}" } }`,
  );
  const files = { many: smallApp(layout, "many", { maps: maps.join("\n---\n") }) } as Record<
    string,
    Record<string, string>
  >;
  const by = (namespace: string, tool: "flux" | "argocd") =>
    bringUp(drill, namespace, { files: files[namespace] ?? smallApp(layout, namespace), by: tool });
  await Promise.all([
    bringUp(drill, "argo", { by: "argocd" }),
    by("stuck", "argocd"),
    by("away", "flux"),
    by("many", "flux"),
    by("held", "flux"),
    bringUp(drill, "alone", { files: smallApp(layout, "alone"), interval: "10s" }),
  ]);
  await drill.startWorker();
}, 240_000);
afterAll(() => drill.remove());

/** kubectl, with words that hold no spaces. */
const k = (line: string) => drill.kubectl(...line.split(" "));
const component = (record: RunRecord) => record.components[0]!;
const exercise = async (namespace: string, of: object = {}, more: object = {}) => {
  await planFor(drill, [namespaceComponent(namespace, of)], more, namespace);
  return await drill.start("exercise", { scenario: "namespace", plan: namespace });
};

test("the example by Argo CD: its own self-heal is ended, and a full sync rebuilds the namespace", async () => {
  const record = await (
    await exercise("argo", { within: "3m", loses: ["PersistentVolumeClaim/data-postgres-0"] })
  ).end();
  expect(record).toMatchObject({ verdict: "PASS", diagnosis: [] });
  expect(step(record, "backup/proof/argo").note).toMatch(/^Application argo at [0-9a-f]{12}/);
  const names = component(record).checks.map(({ name }) => name);
  const some = [
    "ServiceAccount/shop",
    "Secret/shop",
    "Job/greet",
    "StatefulSet/postgres",
    "Deployment/shop",
    "Ingress/shop",
  ];
  expect(names).toEqual(expect.arrayContaining(some));
  expect(recheck(record).found).toEqual([]);
});

/** Keeps a namespace from going. Flux would take away what kubectl has set. */
const hold = async (namespace: string) => {
  const patch = `--type=merge -p {"metadata":{"finalizers":["example.org/held"]}}`;
  await k(`-n ${namespace} patch configmap settings --field-manager=backup-operator ${patch}`);
};

test("Argo CD left alone does not bring a namespace back: FAIL, and the cause is told", async () => {
  // Where the namespace is gone before the self-heal begins, it is made again with all the rest.
  await hold("stuck");
  const run = await exercise(
    "stuck",
    { rebuild: "wait", within: "60s", standstill: "40s", strip: ["ConfigMap/settings"] },
    { decisions: { within: "1s" } },
  );
  await run.handle.result().catch(() => undefined);
  const record = await run.record();
  expect(record.verdict).toBe("FAIL");
  expect(record.summary).toMatch(/^Given up: .*(self-heal|sync).*\(Application\/argocd\/stuck\)/);
  expect(recheck(record).found).toEqual([]);
});

test("Flux left alone brings a namespace back at its own turn, and that is measured", async () => {
  const record = await (await exercise("alone", { rebuild: "wait" })).end();
  expect(record).toMatchObject({ verdict: "PASS", refusals: [], diagnosis: [] });
  expect(component(record).rto.seconds!).toBeGreaterThan(0);
  const asked = "jsonpath={.items[*].metadata.annotations.reconcile\\.fluxcd\\.io/requestedAt}";
  const before = record.startedAt.slice(0, 19);
  const requests = (await k(`-n flux-system get kustomizations -o ${asked}`)).split(" ");
  // The preflight and the proof ask; nobody did after the loss.
  expect(requests.filter((at) => at > before && at > step(record, "destroy/alone").startedAt!)).toEqual([]);
});

test("Flux left alone for longer than a standstill may last is refused", async () => {
  const record = await (await exercise("away", { rebuild: "wait", within: "20m" })).end();
  expect(record.status).toBe("refused");
  expect(record.refusals.map(({ guard, message }) => `${guard}: ${message}`)).toEqual(
    ["apps", "infrastructure"].map((layer) =>
      expect.stringMatching(
        new RegExp(
          `^gitops: namespace away would not come back: .* Kustomization flux-system/away-${layer} has its own turn only every 10m .*\`standstill\` of 45s is over$`,
        ),
      ),
    ),
  );
});

test("a webhook that nobody answers for is found before, and not by what it keeps away after", async () => {
  const { sandbox, built } = drill;
  await applyManifests(
    sandbox.layout,
    built,
    `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: { name: policy }
webhooks:
  - name: policy.example.com
    clientConfig: { service: { name: policy, namespace: default } }
    rules: [{ apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods] }]
    namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: alone } }
    failurePolicy: Fail
    sideEffects: None
    admissionReviewVersions: [v1]
`,
  );
  const record = await (await exercise("alone")).end();
  await k("delete validatingwebhookconfiguration policy");
  expect(record.status).toBe("refused");
  expect(record.refusals).toMatchObject([
    {
      guard: "admission",
      message: expect.stringMatching(
        /^namespace alone would not be let in again: ValidatingWebhookConfiguration\/policy .* is asked for Pod\/shop-\S+; but there is no Service default\/policy, which it names$/,
      ) as string,
    },
  ]);
});

test.each(["destroy", "rebuild"])(
  "an API server that is away for a while in %s costs time and nothing else",
  async (phase) => {
    // After an outage the controllers of Kubernetes take their time.
    const run = await exercise("away", { within: "4m", standstill: "3m" });
    await run.until(`${phase}/away`, "running", "done");
    await stopWithin(drill.sandbox, "kube-apiserver");
    await sleep(20_000);
    await startApiServer(drill.sandbox, drill.built);
    const record = await run.end();
    expect(record).toMatchObject({ verdict: "PASS", diagnosis: [] });
    expect(record.rto.seconds!).toBeGreaterThan(15);
  },
);

test(`${many} objects are listed, watched and compared, and told in few rows`, async () => {
  const record = await (await exercise("many")).end();
  expect(record).toMatchObject({ verdict: "PASS", diagnosis: [] });
  expect(step(record, "verify/many").note).toContain(`${many + 3} objects compared`);
  expect(component(record).checks.length).toBeLessThan(10);
  expect(JSON.stringify(record).length).toBeLessThan(30_000);
});

test("a finalizer that nobody removes is named, and removed only when the plan says so", async () => {
  await hold("held");
  const run = await exercise("held", { standstill: "20s" });
  await waitUntil("it waits for a person", 90_000, async () => (await run.record()).status === "waiting");
  const waiting = step(await run.record(), "destroy/held");
  const { message, hint } = waiting.failures.at(-1)!;
  expect(message).toMatch(
    /^namespace held cannot go: finalizer example\.org\/held holds ConfigMap\/settings for \d+ s now$/,
  );
  expect(hint).toMatch(/^Look whether the controller of example\.org runs: .*`strip`, then `retry --reload`\.$/);
  await planFor(drill, [namespaceComponent("held", { standstill: "30s", strip: ["ConfigMap/settings"] })], {}, "held");
  const decision = { step: "destroy/held", action: "retry", reload: true, by: "bert", reason: "nobody needs it" };
  await run.handle.executeUpdate("decide", { args: [decision] });
  const record = await run.end();
  expect(record.verdict).toBe("PASS");
  expect(step(record, "destroy/held").note).toContain(
    "finalizers removed, as the plan says: ConfigMap/settings: example.org/held",
  );
});
