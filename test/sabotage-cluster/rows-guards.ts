import { createServer } from "node:http";
import { mkdir, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { DrillRun } from "../support/drill.ts";
import type { Sabotage } from "./driver.ts";
import { claimNamespace, layersOf, type Stage } from "./stage.ts";

/** What keeps the cluster from being drilled at all, whatever its volumes and layers are like. */

const days = (n: number) => new Date(Date.now() + n * 86_400_000).toISOString();

const sleeping = (image: string) => `
apiVersion: batch/v1
kind: CronJob
metadata: { name: report, namespace: ${claimNamespace} }
spec:
  suspend: true
  schedule: "0 3 * * *"
  jobTemplate: { spec: { template: { spec: { restartPolicy: Never, containers: [{ name: report, image: "${image}" }] } } } }`;

/** Leads to the address of Git, but into the cluster. */
async function gitInside(stage: Stage): Promise<void> {
  const url = new URL(await stage.k("-n flux-system get gitrepository -o jsonpath={.items[0].spec.url}"));
  const spec = { externalIPs: [url.hostname], ports: [{ port: Number(url.port || 80) }] };
  const metadata = { name: "forge", namespace: claimNamespace };
  await stage.apply(JSON.stringify({ apiVersion: "v1", kind: "Service", metadata, spec }));
}

/** Has no image at all, and says so. */
const registry = createServer((_, response) => void response.writeHead(404).end());

async function missingImage(stage: Stage): Promise<void> {
  const { hostAddress } = await stage.layout();
  await new Promise<void>((resolve) => registry.listen(0, hostAddress, resolve));
  await stage.apply(sleeping(`${hostAddress}:${(registry.address() as AddressInfo).port}/report:1`));
}

/** A second layer of the plan, whose code makes nothing and whose state is empty. */
const emptyLayer = (stage: Stage) => ({
  name: "dns",
  kind: "tofu",
  directory: join(stage.directory, "dns"),
  destroys: ["*"],
});

/** Another run of the plan, as far as to its first backup. */
async function otherRun(stage: Stage): Promise<void> {
  await stage.work();
  const hold = await stage.hooks.hold({ moment: "step-begin", step: "^plant/data$" });
  other = await stage.start("exercise", { scenario: "cluster" });
  await hold.reached(120_000);
}
let other: DrillRun | undefined;

export const ofPlan: Sabotage[] = [
  {
    name: "another run works on it",
    how: "a drill of the same plan is held as it is about to plant its sentinel",
    before: otherRun,
    verdict: "refused",
    at: "lock",
    says: /is being worked on by run \S+: exercise of plan drill, started by /,
    undo: async () => void (await other?.handle.terminate("its row is over")),
  },
  {
    name: "there is nothing to destroy",
    how: "the plan has a second layer, whose state is empty",
    plan: (stage) => ({ more: { infrastructure: [...layersOf(stage, {}), emptyLayer(stage)] } }),
    configuration: (stage) => ({
      mayDestroy: [stage.stage.infrastructure, emptyLayer(stage).directory].map((infrastructure) => ({
        infrastructure,
      })),
    }),
    before: async (stage) => {
      await mkdir(emptyLayer(stage).directory, { recursive: true });
      await writeFile(join(emptyLayer(stage).directory, "main.tf"), 'terraform {\n  backend "local" {}\n}\n');
    },
    verdict: "refused",
    at: "empty-state",
    says: /there is nothing to destroy: infrastructure dns .* has no resources/,
  },
  {
    name: "production without approvals",
    how: "the plan's `environment` is production, and it asks nobody to approve",
    plan: () => ({ more: { environment: "production" } }),
    verdict: "refused",
    at: "production",
    says: /belongs to production, where nothing is destroyed without approvals, and the plan asks for none/,
  },
  {
    name: "the plan is frozen",
    how: "a window of `freeze:` is open",
    plan: () => ({ more: { freeze: [{ from: days(-1), until: days(1), reason: "stock-taking" }] } }),
    verdict: "refused",
    at: "freeze",
    says: /is frozen \(stock-taking\) from .* until /,
  },
  {
    name: "the state is another one",
    how: "the worker's configuration lists the layer with the lineage of another state",
    configuration: ({ stage: { infrastructure } }) => ({
      mayDestroy: [{ infrastructure, lineage: "00000000-0000-4000-8000-000000000000" }],
    }),
    verdict: "refused",
    at: "state-identity",
    says: /lists infrastructure machines .* with another state than lineage /,
  },
  {
    name: "Git is inside the cluster",
    how: "a Service of the cluster answers for the address and port of the layers' GitRepository",
    before: gitInside,
    verdict: "refused",
    at: "blast-radius",
    says: /what GitRepository \S+ reads from at \S+ \(Service dr-exercise\/forge\) would be lost together with cluster at/,
    undo: (stage) => stage.k(`-n ${claimNamespace} delete service forge`),
  },
  {
    name: "an image is gone from its registry",
    how: "a CronJob's image is not in its registry any more, a real HTTP server that says so",
    before: missingImage,
    verdict: "refused",
    at: "images",
    says: /image \S+\/report:1 cannot be pulled \(.* has no such image or tag\), so that CronJob\/report in dr-exercise would not start again/,
    undo: async (stage) => {
      await stage.k(`-n ${claimNamespace} delete cronjob report`);
      registry.close();
    },
  },
];
