import { chmod, mkdtemp } from "node:fs/promises";
import { applyManifests, kubectl, waitUntil } from "../../lab/cluster/kubectl.ts";
import { imageReference } from "../../lab/cluster/registry.ts";
import { removeSandbox, type Sandbox } from "../../lab/cluster/sandbox.ts";
import { clusterUp } from "../../lab/cluster/up.ts";
import { commit } from "../../lab/gitops/repository.ts";
import { type Built, ensureGoPrograms } from "../../lab/go-programs.ts";
import { goModules, type GoModuleName } from "../../lab/go-table.ts";
import type { Layout } from "../../lab/cluster/layout.ts";
import { terminalTalk } from "../../lab/terminal.ts";
import { exampleApp, provideForApp } from "./cluster-app.ts";
import { argoCdManifests, fluxManifests } from "./cluster-gitops.ts";
import { createWorkplace, type Workplace } from "./drill.ts";

/** A real drill of a namespace: a cluster, an application that GitOps keeps, and a worker. */
export interface ClusterDrill extends Workplace {
  sandbox: Sandbox;
  built: Built;
  kubectl: (...args: string[]) => Promise<string>;
  /** uid of kube-system. */
  identity: string;
}

/**
 * @param name of the cluster, which is made anew
 * @param hooked workers write an effects log and can be held
 */
export async function createClusterDrill(name: string, namespaces: string[], hooked = false): Promise<ClusterDrill> {
  const built = (await ensureGoPrograms(Object.keys(goModules) as GoModuleName[], terminalTalk())) as Built;
  await removeSandbox(name);
  const sandbox = await clusterUp(name, built, () => undefined);
  const ask = async (...args: string[]) => (await kubectl(sandbox.layout, built, ...args)).output;
  const identity = await ask("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}");
  const directory = await mkdtemp("/tmp/fd-");
  await chmod(directory, 0o755);
  const mayDestroy = namespaces.map((namespace) => ({ cluster: identity, namespace }));
  const workplace = await createWorkplace(directory, { hooked, mayDestroy });
  await provideForApp(sandbox);
  return {
    ...workplace,
    sandbox,
    built,
    identity,
    kubectl: ask,
    async remove() {
      await workplace.remove();
      await removeSandbox(name);
    },
  };
}

const deployed = (ask: ClusterDrill["kubectl"], namespace: string) => async () =>
  (await ask("-n", namespace, "get", "deployment", "shop", "-o", "jsonpath={.status.availableReplicas}")) === "1";

/** Lets Flux, or Argo CD, bring an application up, in the namespace of that name. @param interval of Flux */
export async function bringUp(
  { sandbox, built, kubectl: ask }: ClusterDrill,
  namespace: string,
  { files, by = "flux", interval }: { files?: Record<string, string>; by?: "flux" | "argocd"; interval?: string } = {},
): Promise<void> {
  const { layout } = sandbox;
  await commit(layout, namespace, files ?? exampleApp(layout, { namespace }), "an application");
  const manifests = by === "flux" ? fluxManifests(layout, namespace, interval) : argoCdManifests(layout, namespace);
  await applyManifests(layout, built, manifests);
  await waitUntil(`${namespace} is up`, 120_000, deployed(ask, namespace));
}

/** A namespace with a Deployment and settings, in two layers: back within seconds. @param more further files of layer `apps` */
export function smallApp(layout: Layout, namespace: string, more: Record<string, string> = {}): Record<string, string> {
  return {
    "infrastructure/namespace.yaml": `{ apiVersion: v1, kind: Namespace, metadata: { name: ${namespace} } }\n`,
    "infrastructure/settings.yaml": `
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: ${namespace} }
data: { GREETING: hello }
`,
    "apps/shop.yaml": `
apiVersion: apps/v1
kind: Deployment
metadata: { name: shop, namespace: ${namespace} }
spec:
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: shop
          image: ${imageReference(layout, "busybox:1")}
          command: [httpd, -f, -p, "8080"]
          envFrom: [{ configMapRef: { name: settings } }]
          readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 }
`,
    ...Object.fromEntries(Object.entries(more).map(([name, text]) => [`apps/${name}.yaml`, text])),
  };
}

export const namespaceComponent = (namespace: string, more: object = {}) => ({
  name: namespace,
  kind: "namespace",
  namespace,
  pods: "force",
  within: "90s",
  standstill: "45s",
  ...more,
});

/**
 * Writes the plan of one namespace, or of several.
 * @param more keys of the plan; `access` where it is not the cluster's own kubeconfig
 */
export async function planFor(
  drill: ClusterDrill,
  components: object[],
  more: object = {},
  name = "drill",
): Promise<void> {
  const access = { kubeconfig: { file: drill.sandbox.layout.kubeconfig } };
  await drill.plan(components, { access, objectives: { rto: "5m" }, ...more }, name);
}
