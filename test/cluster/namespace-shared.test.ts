import { afterAll, beforeAll, expect, test } from "vitest";
import { applyManifests, waitUntil } from "../../lab/cluster/kubectl.ts";
import { commit } from "../../lab/gitops/repository.ts";
import { recheck } from "../../src/report/recheck.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { argoCdManifests, fluxManifests } from "../support/cluster-gitops.ts";
import {
  type ClusterDrill,
  createClusterDrill,
  namespaceComponent,
  planFor,
  smallApp,
} from "../support/cluster-drill.ts";

/** More namespaces than are worked on at once, all of them held by the same Kustomizations, or by one Application. */

const five = (name: string) => Array.from({ length: 5 }, (_, n) => `${name}-${n}`);
const [byFlux, byArgo] = [five("flux"), five("argo")];

let drill: ClusterDrill;
beforeAll(async () => {
  drill = await createClusterDrill("test-shared", [...byFlux, ...byArgo]);
  const { layout } = drill.sandbox;
  // As most have it: the namespaces in one layer, a layer above for each, and what has failed is tried again in ten minutes.
  const [source, below, above] = fluxManifests(layout, "flux").replaceAll("  retryInterval: 5s\n", "").split("---\n");
  const layers = byFlux.map((namespace) => above!.replaceAll("apps", `apps-${namespace}`));
  const patient = [source, below, ...layers].join("---\n");
  const { built } = drill;
  for (const [repository, namespaces, manifests] of [
    ["flux", byFlux, patient],
    ["argo", byArgo, argoCdManifests(layout, "argo")],
  ] as const) {
    await commit(layout, repository, filesOf(namespaces), "all of them");
    await applyManifests(layout, built, manifests);
  }
  for (const namespace of [...byFlux, ...byArgo])
    await waitUntil(`${namespace} is up`, 120_000, async () => (await available(namespace)) === "1");
  await drill.startWorker();
}, 240_000);
afterAll(() => drill.remove());

const available = async (namespace: string) =>
  await drill.kubectl("-n", namespace, "get", "deployment", "shop", "-o", "jsonpath={.status.availableReplicas}");

/** The first one takes its time to go. */
function filesOf(namespaces: readonly string[]): Record<string, string> {
  const files = namespaces.map((namespace, n) =>
    Object.entries(smallApp(drill.sandbox.layout, namespace)).map(([path, text]) => [
      path.replace("apps/", `apps-${namespace}/`).replace("infrastructure/", `infrastructure/${namespace}-`),
      n === 0 ? text.replace("terminationGracePeriodSeconds: 1", "terminationGracePeriodSeconds: 25") : text,
    ]),
  );
  return Object.fromEntries(files.flat()) as Record<string, string>;
}

async function exercise(namespaces: string[]): Promise<RunRecord> {
  const components = namespaces.map((namespace) =>
    namespaceComponent(namespace, { within: "150s", standstill: "90s" }),
  );
  await planFor(drill, components, { decisions: { within: "1s", otherwise: "abort" } }, namespaces[0]);
  const run = await drill.start("exercise", { scenario: "namespace", plan: namespaces[0]! });
  await run.handle.result().catch(() => undefined);
  return await run.record();
}

test.each([
  ["Kustomizations", byFlux],
  ["an Application", byArgo],
])("five namespaces of the same %s: each is rebuilt, and none is kept from it by the others", async (_, namespaces) => {
  const record = await exercise(namespaces);
  const failures = record.steps.flatMap((step) => step.failures.map(({ message }) => `${step.id}: ${message}`));
  expect(failures).toEqual([]);
  expect(record).toMatchObject({ verdict: "PASS", refusals: [], diagnosis: [] });
  expect(recheck(record).found).toEqual([]);
});
