import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { type ApiProxy, startApiProxy } from "../lab/cluster/api-proxy.ts";
import { applyManifests } from "../lab/cluster/kubectl.ts";
import { removeSandbox, type Sandbox } from "../lab/cluster/sandbox.ts";
import { clusterUp } from "../lab/cluster/up.ts";
import { type Built, ensureGoPrograms } from "../lab/go-programs.ts";
import { goModules, type GoModuleName } from "../lab/go-table.ts";
import { ensurePrograms } from "../lab/packages.ts";
import { terminalTalk } from "../lab/terminal.ts";
import { startChild } from "../demo/child.ts";
import type { Inventory, Recovery } from "../src/activities/namespace/memory.ts";
import { watchBack, wholeAgain } from "../src/activities/namespace/bring-back.ts";
import { withCluster } from "../src/activities/kubernetes/session.ts";
import { NamespaceComponent } from "../src/plan/namespace-schema.ts";
import type { Lab } from "./lab.ts";
import { manifestsOf, nameOf } from "./services.ts";

/** A real API server with objects that become ready when a writer says so, and those who wait for them. */
export interface Waits {
  proxy: ApiProxy;
  /** Kubeconfig without the proxy. */
  direct: string;
  /** Makes all ready, one after the other. @returns by name, when the API server had accepted it; milliseconds since 1970 */
  makeReady: () => Promise<Record<string, number>>;
  makeBare: () => Promise<void>;
  /**
   * The wait of the namespace drill's rebuild.
   * @param begins called when it knows all that is there @returns by name, when it saw that it was ready; milliseconds since 1970
   */
  ours: (kubeconfig: string, begins?: () => void) => Promise<Record<string, number>>;
  /** `kubectl wait` for all of them. */
  kubectlWait: () => Promise<void>;
  /** `kubectl get --watch`, until it has shown all of them ready. */
  kubectlGet: () => Promise<void>;
}

const namespace = "waits";
const clusterName = "bench-ready";
const idOf = (name: string) => `Service/${name}`;

export async function makeWaits(lab: Lab, count: number): Promise<Waits> {
  const { house } = lab;
  const talk = { ...terminalTalk(), say: lab.say };
  await ensurePrograms(["cluster"], talk);
  const built = (await ensureGoPrograms(Object.keys(goModules) as GoModuleName[], talk)) as Built;
  await removeSandbox(clusterName);
  house.atEnd(async () => await removeSandbox(clusterName));
  lab.say("Starting a cluster ...");
  const { layout }: Sandbox = await house.wait(clusterUp(clusterName, built, () => undefined));
  await applyManifests(layout, built, manifestsOf(namespace, count));
  const proxy = await startApiProxy(layout, join(house.root, "proxied.kubeconfig"));
  house.atEnd(proxy.close);
  const writer = await startChild({
    program: "bench/ready-writer.ts",
    args: [layout.kubeconfig, namespace],
    env: process.env,
    log: join(house.root, "ready-writer.log"),
  });
  house.atEnd(writer.stop);
  const names = Array.from({ length: count }, (_, n) => nameOf(n));
  const kubectl = (...args: string[]) => {
    // What kubectl remembers of other clusters must not spare it a question.
    const cache = join(house.root, `kubectl-${performance.now()}`);
    const common = ["--kubeconfig", proxy.kubeconfig, "--cache-dir", cache, "--namespace", namespace];
    return execa(join(built.kubernetes, "kubectl"), [...common, ...args], {
      cancelSignal: house.signal,
      reject: false,
    });
  };

  async function ours(kubeconfig: string, begins: () => void = () => undefined): Promise<Record<string, number>> {
    const directory = join(house.root, `waits-${performance.now()}`);
    await mkdir(directory, { mode: 0o700 });
    const component = NamespaceComponent.parse({ name: "waits", kind: "namespace", namespace });
    const recovery: Recovery = {
      lostAt: new Date(0).toISOString(),
      goneAt: null,
      whileGone: null,
      stripped: [],
      times: {},
    };
    const context = { directory, signal: house.signal, progress: begins };
    await withCluster({ kubeconfig: { file: kubeconfig } }, context, async (session) => {
      const goal = wholeAgain(component, context);
      await watchBack({ component }, session, inventoryOf(names), recovery, context, goal, () => "");
    });
    return Object.fromEntries(names.map((name) => [name, Date.parse(recovery.times[idOf(name)]!.readyAt!)]));
  }

  return {
    proxy,
    direct: layout.kubeconfig,
    makeReady: async () => (await writer.ask("ready")) as Record<string, number>,
    makeBare: async () => void (await writer.ask("bare")),
    ours,
    async kubectlWait() {
      const condition = "jsonpath={.status.loadBalancer.ingress}";
      const { failed, stderr } = await kubectl("wait", "services", "--all", `--for=${condition}`, "--timeout=300s");
      if (failed) throw new Error(`kubectl wait: ${stderr}`);
    },
    async kubectlGet() {
      const watching = kubectl("get", "services", "--watch");
      const seen = new Set<string>();
      const lines = createInterface({ input: watching.stdout });
      lines.on("line", (line) => {
        if (line.includes("10.0.0.1")) seen.add(line.split(" ")[0]!);
        if (seen.size === count) watching.kill();
      });
      const { stderr } = await watching;
      if (seen.size < count) throw new Error(`kubectl get: ${stderr}`);
    },
  };
}

/** As a drill would have noted them before their loss: what is there now are others. */
function inventoryOf(names: string[]): Inventory {
  const entries = names.map((name) => ({
    apiVersion: "v1",
    kind: "Service",
    name,
    id: idOf(name),
    uid: "of-before",
    origin: { from: "gitops" as const, by: "bench", generated: false },
    scaled: false,
    troubleBefore: null,
    digest: {},
  }));
  return { cluster: "", uid: "of-before", takenAt: new Date().toISOString(), holders: [], entries };
}
