import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { waitUntil } from "../../lab/cluster/kubectl.ts";
import { findSandbox } from "../../lab/cluster/sandbox.ts";
import { type Misbehaviour, writeOrders } from "../../lab/longhorn/orders.ts";
import { openStore } from "../../lab/longhorn/backup-store.ts";
import { commit } from "../../lab/gitops/repository.ts";
import { backupPlace, gitPlace, ordersFile } from "../../lab/services/services.ts";
import { layers, stackContents } from "../../lab/stack/contents.ts";
import { orderStack, runStack } from "../../lab/stack/stage.ts";
import { readParameter } from "./parameter.ts";
import { createHomelabDrill, type HomelabDrill, homelabComponents, homelabPlan } from "../support/homelab-drill.ts";
import { raise } from "../support/stage.ts";

/** The homelab that all rows are played in, and what a row may do to it. */
export interface Stage extends HomelabDrill {
  /** kubectl, with words that hold no spaces; whatever it answers. */
  k: (line: string) => Promise<string>;
  inPod: (command: string) => Promise<string>;
  /** Longhorn's stand-in misbehaves so from now on. */
  order: (misbehave: Misbehaviour) => Promise<void>;
  /** Name of the Longhorn volume that the drill's claim has; empty without one. */
  volume: () => Promise<string>;
  /** uid of namespace kube-system; empty where nobody answers. */
  uid: () => Promise<string>;
  store: () => ReturnType<typeof openStore>;
  /** Lets a worker run with this configuration and with these settings beside those of the homelab; the one before ends where it had others. */
  work: (environment?: Record<string, string>, configuration?: object) => Promise<void>;
}

export const claimNamespace = "dr-exercise";

export async function openStage(name: string): Promise<Stage> {
  const drill = await createHomelabDrill(name, true);
  let settings: string | undefined;
  const k = async (line: string) => (await drill.ask(...line.split(" "))).output;
  const { url, endpoint, accessKey, secretKey } = backupPlace(drill.stage.services);
  const keys = { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey, AWS_ENDPOINTS: endpoint };
  return {
    ...drill,
    k,
    inPod: (command) =>
      drill.kubectl("-n", claimNamespace, "exec", "deployment/dr-exercise", "--", "sh", "-c", command),
    order: async (misbehave) => await writeOrders(ordersFile(drill.stage.services), [{ misbehave }]),
    volume: async () => {
      const { ok, output } = await drill.ask(
        ...`-n ${claimNamespace} get pvc data -o jsonpath={.spec.volumeName}`.split(" "),
      );
      return ok ? output : "";
    },
    uid: async () => {
      if ((await findSandbox(name)) === undefined) return "";
      const { ok, output } = await drill.ask(..."get namespace kube-system -o jsonpath={.metadata.uid}".split(" "));
      return ok ? output : "";
    },
    store: () => openStore(url, keys),
    work: async (environment = {}, configuration = {}) => {
      const wanted = JSON.stringify([environment, configuration]);
      if (settings === wanted) return;
      await drill.killWorker();
      await drill.configure(configuration);
      await drill.startWorker(environment);
      settings = wanted;
    },
  };
}

/** The cluster itself and one volume: more of them would only make the table longer. What the others hold may be lost. */
export function componentsOf(stage: Stage, { volume = {}, cluster = {} }: { volume?: object; cluster?: object }) {
  const all = homelabComponents(stage) as { name: string }[];
  const find = (name: string) => all.find((one) => one.name === name)!;
  return [
    { ...find("homelab"), loses: ["shop/*", "dr-exercise/pvc-*", "longhorn-system/*"], ...cluster },
    { ...find("data"), ...volume },
  ];
}

/** A step that fails is given up at once. */
export function planOf(stage: Stage, more: object): object {
  return homelabPlan(stage, { decisions: { within: "1s", otherwise: "abort" }, ...more });
}

/** Everything as it was before the first row, or as good as: another cluster may do, and another volume. */
export async function reset(stage: Stage): Promise<void> {
  const { services } = stage.stage;
  await stage.hooks.clear();
  await writeOrders(ordersFile(services), []);
  await orderStack(stage.stage, []);
  // A run that was given up leaves held what was to wait for the data.
  if ((await stage.uid()) !== "") await goOn(stage);
  if ((await missing(stage, 45_000)) !== "") await remake(stage);
  // What must come back, beside the sentinel.
  await stage.inPod(
    "cd /data; [ -e letters/one ] || { mkdir -p letters; echo one > letters/one; head -c 300000 /dev/urandom > letters/large; }",
  );
}

async function goOn(stage: Stage): Promise<void> {
  const patch = ["--type=merge", "-p", JSON.stringify({ spec: { suspend: false } })];
  await stage.kubectl("-n", "flux-system", "patch", "kustomization", ...layers, ...patch);
}

/** Waits until layers, workload and store are there and SSM leads there; a cluster that is not there is not waited for. What is missing; empty if nothing is. */
async function missing(stage: Stage, withinMs: number): Promise<string> {
  let lacks = "";
  const look = async () => {
    lacks = (await stage.uid()) === "" ? "the cluster" : await lacking(stage);
    return lacks === "" || lacks === "the cluster";
  };
  // What still lacks when the time is over is the answer.
  await waitUntil("the homelab is whole", withinMs, look).catch(() => undefined);
  if (lacks !== "") return lacks;
  const fresh = (await readParameter(stage.stage)) === (await readFile((await stage.layout()).kubeconfig, "utf8"));
  return fresh ? "" : "the cluster's kubeconfig in SSM";
}

async function lacking(stage: Stage): Promise<string> {
  const flux = (...words: string[]) => stage.ask("-n", "flux-system", ...words);
  const kustomizations = layers.map((layer) => `kustomization/${layer}`);
  const ready = await flux("wait", "--for=condition=Ready", "--timeout=1s", ...kustomizations);
  if (!ready.ok) return `Flux's layers: ${ready.output} ${(await flux("get", "kustomizations")).output}`;
  const workload = ["wait", "--for=condition=Available", "--timeout=1s", "deployment/dr-exercise"];
  const available = await stage.ask("-n", claimNamespace, ...workload);
  if (!available.ok) return `the workload: ${(await stage.ask("-n", claimNamespace, "get", "pods,pvc")).output}`;
  const target = ["get", "backuptarget", "default", "-o", "jsonpath={.status}"];
  const { ok, output } = await stage.ask("-n", "longhorn-system", ...target);
  if (!ok) return `the store: ${output} ${(await stage.ask("get", "crd,backuptargets.longhorn.io", "-A")).output}`;
  return (JSON.parse(output) as { available?: boolean }).available === true ? "" : `the store: ${output}`;
}

/** By Terragrunt, as a person would do it; what its states say may not be so any more. */
async function remake(stage: Stage): Promise<void> {
  await runStack(stage.stage, stage.built, "destroy");
  await raise(stage);
  const lacks = await missing(stage, 120_000);
  if (lacks !== "") throw new Error(`the homelab was made anew and lacks ${lacks}`);
}

/** Where the files of a volume lie on this machine. */
async function folderOf(stage: Stage, volume: string): Promise<string> {
  const { directory } = await stage.layout();
  return join(directory, "longhorn", "volumes", volume);
}

/** A file of the volume, by what its path ends with. */
export async function fileIn(stage: Stage, ending: string): Promise<string> {
  const folder = await folderOf(stage, await stage.volume());
  const all = await readdir(folder, { recursive: true });
  const found = all.find((path) => path.endsWith(ending));
  if (found === undefined) throw new Error(`no file *${ending} in ${folder}: ${all.join(", ")}`);
  return join(folder, found);
}

/** Asks the stand-in to look at its store now. */
export async function letLonghornLook(stage: Stage): Promise<void> {
  const syncRequestedAt = new Date(Date.now() + 1_000).toISOString().replace(/\.\d+/, "");
  await stage.k(
    `-n longhorn-system patch backuptarget default --type=merge -p ${JSON.stringify({ spec: { syncRequestedAt } })}`,
  );
}

/** A script in the drill's directory. */
export async function textFile(stage: Stage, name: string, text: string): Promise<string> {
  const path = join(stage.directory, name);
  await writeFile(path, text, { mode: 0o600 });
  return path;
}

/** A check of the plan, asked in the workload's pod. */
export const exec = (command: string[], more: object = {}): object => ({
  kind: "exec",
  namespace: claimNamespace,
  workload: "deployment/dr-exercise",
  command,
  ...more,
});

interface PlanKeys {
  access: { kubeconfig: object };
  infrastructure: object[];
  gitops: object;
}

/** The plan's layers of infrastructure, with other keys. */
export function layersOf(stage: Stage, changes: object): object[] {
  return (homelabPlan(stage) as PlanKeys).infrastructure.map((layer) => ({ ...layer, ...changes }));
}

/** The plan's access, by another parameter. */
export function accessOf(stage: Stage, parameter: string): object {
  const { kubeconfig } = (homelabPlan(stage) as PlanKeys).access;
  return { kubeconfig: { ...kubeconfig, ssm: parameter } };
}

/** Git holds the homelab with these files changed; Flux is not told. */
export async function changeGit({ stage: { services } }: Stage, files: Record<string, string>): Promise<void> {
  await commit(gitPlace(services), "homelab", { ...stackContents(services), ...files }, "sabotage");
}
