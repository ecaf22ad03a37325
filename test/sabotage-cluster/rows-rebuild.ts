import { readFile } from "node:fs/promises";
import { addSecondNode } from "../../lab/cluster/second-node.ts";
import { findSandbox, removeSandbox } from "../../lab/cluster/sandbox.ts";
import { clusterUp } from "../../lab/cluster/up.ts";
import { s3Endpoint } from "../../lab/services/services.ts";
import { stackContents } from "../../lab/stack/contents.ts";
import { orderStack, type StackOrder } from "../../lab/stack/stage.ts";
import type { Sabotage } from "./driver.ts";
import { putParameter } from "./parameter.ts";
import { changeGit, exec, type Stage } from "./stage.ts";

/** What strikes while the cluster is destroyed and made anew, and what only shows at the end. */

const ordered = (...orders: StackOrder[]) => ({
  before: (stage: Stage) => orderStack(stage.stage, orders),
  undo: (stage: Stage) => orderStack(stage.stage, []),
});

/** Its states are empty, and it runs on: another one takes its place. */
const endMachine = async (stage: Stage) => {
  await orderStack(stage.stage, []);
  await removeSandbox((await stage.layout()).name);
};

const machine: Sabotage[] = [
  {
    name: "the destruction destroys nothing",
    how: "OpenTofu says that the machine is deleted, and it runs on",
    ...ordered("destroy-nothing"),
    undo: endMachine,
    verdict: "FAIL",
    at: "rebuild/control/homelab",
    says: /the old cluster still answers at https/,
  },
  {
    name: "the old cluster answers at the same address",
    how: "the machine runs on, the apply says that there is a new one, and SSM gives the kubeconfig of before",
    ...ordered("destroy-nothing", "kubeconfig-stays"),
    undo: endMachine,
    verdict: "FAIL",
    at: "rebuild/control/homelab",
    says: /the old cluster still answers at https/,
  },
  {
    name: "SSM gives the old kubeconfig",
    how: "the new cluster's kubeconfig is never written to SSM",
    ...ordered("kubeconfig-stays"),
    plan: () => ({ cluster: { within: "15s" } }),
    verdict: "FAIL",
    at: "rebuild/homelab",
    says: /no new cluster answers: .*; the kubeconfig is still that of the old cluster/,
  },
  {
    name: "the kubeconfig of another cluster",
    how: "SSM gives the kubeconfig of a cluster that was there before, and is none of this plan's",
    when: "rebuild/homelab",
    before: async ({ built }) => await clusterUp(stranger, built, () => undefined),
    does: async (stage) => {
      const { layout } = (await findSandbox(stranger))!;
      await putParameter(stage.stage, await readFile(layout.kubeconfig, "utf8"));
    },
    plan: () => ({ cluster: { within: "15s" } }),
    verdict: "FAIL",
    at: "rebuild/homelab",
    says: /no new cluster answers: .* is a cluster of .*, older than this run/,
    undo: async (stage) => {
      await removeSandbox(stranger);
      await putParameter(stage.stage, await readFile((await stage.layout()).kubeconfig, "utf8"));
    },
  },
  {
    name: "the apply says that there is a cluster, and there is none",
    how: "OpenTofu ends well, its states have all resources, and no machine was made",
    ...ordered("apply-nothing"),
    plan: () => ({ cluster: { within: "10s" } }),
    verdict: "FAIL",
    at: "rebuild/homelab",
    says: /no new cluster answers: there is no SSM parameter/,
  },
  {
    name: "the apply fails",
    how: "the machine cannot be made: a quota",
    ...ordered("apply-fails"),
    verdict: "FAIL",
    at: "rebuild/layer/machines",
    says: /the machine cannot be created: quota exceeded/,
  },
  {
    name: "a node does not come back",
    how: "the cluster has two nodes, and the infrastructure makes one",
    before: async ({ built, stage }) => await addSecondNode((await findSandbox(stage.cluster))!, built),
    plan: () => ({ cluster: { standstill: "15s" } }),
    verdict: "FAIL",
    at: "rebuild/homelab",
    says: /waited for 2 ready nodes: standing still since .*: 1 of 2 nodes are ready/,
  },
];

const gitops: Sabotage[] = [
  {
    name: "a layer is suspended in the new cluster",
    how: "Kustomization infrastructure-configs is suspended as soon as Flux knows it",
    when: "rebuild/homelab",
    does: (stage) =>
      stage.kubectl(
        ..."-n flux-system patch kustomization infrastructure-configs --type=merge -p".split(" "),
        JSON.stringify({ spec: { suspend: true } }),
      ),
    plan: () => ({ cluster: { standstill: "25s" } }),
    verdict: "FAIL",
    at: "rebuild/homelab",
    says: /layer infrastructure-configs: it is suspended/,
  },
  {
    name: "a layer does not become ready",
    how: "Git gets an object of a kind that the cluster does not know, after it was read last",
    when: "destroy/layer/machines",
    does: (stage) =>
      changeGit(stage, {
        "infrastructure-configs/broken.yaml": "{ apiVersion: example.org/v1, kind: Nothing, metadata: { name: x } }\n",
      }),
    plan: () => ({ cluster: { standstill: "25s" } }),
    verdict: "FAIL",
    at: "rebuild/homelab",
    says: /layer infrastructure-configs: .*no matches for kind "Nothing"/,
    undo: (stage) => changeGit(stage, {}),
  },
  {
    name: "the deployment does not become ready",
    how: "Git gets an image that is nowhere to be had, after it was read last",
    when: "destroy/layer/machines",
    does: (stage) => {
      const file = "apps/dr-exercise/deployment.yaml";
      const text = stackContents(stage.stage.services)[file]!.replace("busybox:1.37", "localhost/nothing:1");
      return changeGit(stage, { [file]: text });
    },
    plan: () => ({ cluster: { standstill: "20s" } }),
    verdict: "FAIL",
    at: "rebuild/gitops/homelab",
    says: /layer apps is not ready: .*localhost\/nothing:1/,
    undo: (stage) => changeGit(stage, {}),
  },
];

const numbers: Sabotage[] = [
  {
    name: "it takes longer than the objective",
    how: "the plan's RTO is 5 s: 61 minutes instead of 45, in small",
    plan: () => ({ more: { objectives: { rto: "5s" } } }),
    verdict: "FAIL",
    at: "run: RTO",
    says: /^\d+ s instead of 5 s at most/,
  },
  {
    name: "the backup is older than the objective",
    how: "the plan's RPO is 1 s, and the destruction begins later than that after the snapshot",
    plan: () => ({ more: { objectives: { rto: "15m", rpo: "1s" } } }),
    verdict: "FAIL",
    at: "run: RPO",
    says: /^\d+ s instead of 1 s at most/,
  },
  {
    name: "a check fails afterwards",
    how: "what the check asks for is removed from the volume after it was asked first, and before the backup",
    before: (stage) => stage.inPod("touch /data/late"),
    when: "plant/data",
    does: (stage) => stage.inPod("rm /data/late"),
    plan: () => ({ more: { checks: [exec(["test", "-e", "/data/late"], { within: "5s" })] } }),
    verdict: "FAIL",
    at: "verify/homelab",
    says: /test in dr-exercise\/deployment\/dr-exercise: exit code 1/,
  },
  {
    name: "a check passes while the cluster is gone",
    how: "the plan asks MinIO, which is outside of the cluster, instead of the application",
    plan: (stage) => ({
      more: { checks: [{ kind: "http", url: `${s3Endpoint(stage.stage.services)}/minio/health/live` }] },
    }),
    verdict: "INCONCLUSIVE",
    at: "homelab: HTTP",
    says: /it passed although the data was lost|so it proves nothing/,
  },
];

export const inRebuild: Sabotage[] = [...machine, ...gitops, ...numbers];

const stranger = "sabotage-stranger";
