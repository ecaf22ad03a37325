import { ensureCluster } from "../lab/cluster/ensure.ts";
import { clusters } from "../lab/cluster/status.ts";
import type { Built } from "../lab/go-programs.ts";
import { killHeirs } from "../lab/processes.ts";
import { findServices } from "../lab/services/services.ts";
import { stageComponents, stagePlan } from "../lab/stack/plan.ts";
import { askStage, raiseStage } from "../lab/stack/raise.ts";
import { effects, setStage, type Stage, strikeStage } from "../lab/stack/stage.ts";
import { fail } from "../src/failures.ts";
import type { House } from "./house.ts";
import { begin, type Demo } from "./show.ts";

/** `npm run demo:cluster`: a whole homelab is destroyed and comes back, with the worker killed in the middle of the destruction. */

/** Of the cluster and of what runs beside it. */
const homelab = "demo";

const real = `
A whole homelab on this machine: a Kubernetes cluster that Terragrunt makes and
Flux fills from Git, with three volumes of Longhorn. Beside it, and outlasting it:
the store of the backups, the states of OpenTofu, Git, the kubeconfig in AWS SSM.
The cluster is destroyed with all that is in it, made anew, and compared.

  real       etcd, API server, controllers, kubelet, containerd, the pods; Flux;
             Terragrunt, OpenTofu, its states and locks in S3; the backups in MinIO,
             each block and each file of them; Temporal; the kill -9
  stand-in   the machine: a set of namespaces of Linux, which a script makes and
             ends where a provider of OpenTofu would call a hypervisor
             AWS SSM: a server that speaks its API
             Longhorn's engine: its API, webhook, CSI driver and the layout of its
             backups are as the real ones; a volume is a folder, a block is of an
             archive of its files
`;

const cluster: Demo = {
  name: "demo-cluster",
  command: "npm run demo:cluster",
  scenario: "cluster",
  async prepare(talk) {
    built = await ensureCluster(talk);
    await requireFree();
    talk.say(real);
  },
  async make(house, talk) {
    talk.say("Making the homelab, and a Temporal server ...");
    const stage = await raised(house);
    const [uid, before] = [await uidOf(stage), await effects(stage)];
    return {
      what: "A cluster with three volumes",
      plan: { name: "homelab", ...stagePlan(stage), components: stageComponents(stage) },
      mayDestroy: [{ infrastructure: stage.infrastructure }],
      // OpenTofu has begun: the machine goes while no worker lives.
      fatal: {
        step: "destroy/layer/machines",
        isNow: async () => (await effects(stage)).includes("kubeconfig-delete begins"),
      },
      environment: { ...stage.environment, ...heirloom(house) },
      programs: [built.terragrunt, built.tofu],
      afterwards: async () => told(uid, await uidOf(stage), (await effects(stage)).slice(before.length)),
      logs: [],
    };
  },
};

let built: Built;

/** @throws TARGET_EXISTS when a homelab of this name is there: it may be another demo's */
async function requireFree(): Promise<void> {
  const taken = (await clusters()).some(({ name }) => name === homelab) || (await findServices(homelab)) !== undefined;
  if (!taken) return;
  const hint = `If it is left of a demo that was killed, remove it: npm run lab homelab down ${homelab}`;
  throw fail("TARGET_EXISTS", `there is a homelab "${homelab}" already: another demo runs, or was killed`, hint);
}

/** By it all processes are known that the demo has started: Terragrunt and what it starts outlive a worker. */
const heirloom = ({ root }: House) => ({ FIREDRILL_DEMO: root });

async function raised(house: House): Promise<Stage> {
  const setting = setStage(homelab, built);
  house.atEnd(async () => {
    await Promise.allSettled([setting]);
    await killHeirs(Object.entries(heirloom(house))[0]!.join("="));
    await strikeStage(homelab);
  });
  const stage = await house.wait(setting);
  const environment = { ...stage.environment, ...heirloom(house) };
  await house.wait(raiseStage({ ...stage, environment }, built));
  return stage;
}

async function uidOf(stage: Stage): Promise<string> {
  return (await askStage(stage, built, "get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}")).output;
}

/** @param done what OpenTofu had done to the machine since the beginning of the drill, in order */
function told(before: string, after: string, done: string[]) {
  const count = (effect: string) => done.filter((one) => one === effect).length;
  const [deleted, made] = [count("machine-delete ends"), count("machine-create ends")];
  const times = (n: number) => (n === 1 ? "once" : `${n} times`);
  return {
    told: [
      `Cluster ${before} is gone; ${after} is in its place.`,
      `OpenTofu deleted the machine ${times(deleted)} and made it ${times(made)}.`,
    ],
    complaints: [
      ...(before === after ? ["It is the same cluster as before."] : []),
      ...(deleted === 1 && made === 1 ? [] : ["Something was done twice, or not at all."]),
    ],
  };
}

await begin(cluster);
