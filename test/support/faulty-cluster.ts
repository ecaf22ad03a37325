import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { applyManifests, kubectl } from "../../lab/cluster/kubectl.ts";
import { type Sandbox, startWithin } from "../../lab/cluster/sandbox.ts";
import { commit, repositoryUrl } from "../../lab/gitops/repository.ts";
import type { Built } from "../../lab/go-programs.ts";
import { type KubernetesObject, nameOf } from "../../src/activities/kubernetes/object.ts";
import type { Expected } from "../../src/diagnosis/cause.ts";
import { certificate } from "./fake-api-server.ts";
import { type Fault, shared } from "./faults.ts";

/** Puts faults into a cluster, all of them at once. */

const registryPort = 5077;
const webhookPort = 5078;
export const registry = `localhost:${registryPort}`;

const objectsIn = (text: string) =>
  parseAllDocuments(text).flatMap((document) =>
    document.errors.length > 0 ? [] : ((document.toJS() as KubernetesObject | null) ?? []),
  );

const fromGit = ({ files = {}, more = {} }: Fault) => [...Object.values(files), ...Object.values(more)].join("\n---\n");

/** What the namespace is to hold: all of its manifests. */
export function expectedOf(fault: Fault): Expected[] {
  const objects = objectsIn(`${fault.manifests}\n---\n${fromGit(fault)}`);
  const all = objects.map(({ apiVersion, kind, metadata }) => ({ apiVersion, kind, name: metadata.name }));
  const places = all.map(({ apiVersion, kind, name }) => nameOf({ apiVersion, kind, metadata: { name } }));
  return all.filter((_, index) => places.indexOf(places[index]!) === index);
}

export async function breakAll(sandbox: Sandbox, built: Built, faults: Fault[]): Promise<void> {
  const { layout } = sandbox;
  const server = join(import.meta.dirname, "fake-registry.ts");
  await startWithin(sandbox, "registry", [process.execPath, server, String(registryPort)]);
  const { key, cert } = certificate();
  const webhook = join(import.meta.dirname, "fake-webhook.ts");
  await startWithin(sandbox, "webhook", [process.execPath, webhook, String(webhookPort)], { KEY: key, CERT: cert });
  const files = faults.flatMap(({ name, files = {}, more = {} }) => [
    ...Object.entries(files).map(([path, text]) => [`${name}/${path}`, text]),
    ...Object.entries(more),
  ]);
  await commit(layout, "faults", Object.fromEntries(files) as Record<string, string>, "faults");
  await applyManifests(layout, built, shared);
  await applyManifests(layout, built, webhooks(cert));
  // One of the faults is that there is no default one.
  await kubectl(layout, built, "annotate", "storageclass", "local", "storageclass.kubernetes.io/is-default-class-");
  const namespaces = faults.map(({ name, labels = {} }) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels },
  }));
  const objects = faults.flatMap(({ name, manifests }) =>
    objectsIn(manifests).map((object) => ({ ...object, metadata: { ...object.metadata, namespace: name } })),
  );
  await applyManifests(layout, built, [...namespaces, ...objects].map((one) => JSON.stringify(one)).join("\n---\n"));
  for (const { kind, metadata, status } of objects.filter((object) => object.status !== undefined)) {
    const patch = ["--subresource=status", "--type=merge", "--patch", JSON.stringify({ status })];
    const { ok, output } = await kubectl(
      layout,
      built,
      "-n",
      metadata.namespace,
      "patch",
      kind,
      metadata.name,
      ...patch,
    );
    if (!ok) throw new Error(output);
  }
  const url = repositoryUrl(layout, "faults");
  const gitops = faults.flatMap((fault) => fault.gitops?.replaceAll("REPOSITORY", url) ?? []);
  if (gitops.length > 0) await applyManifests(layout, built, [source(url), ...gitops].join("\n---\n"));
  const deleted = faults.filter((fault) => fault.deleted).map(({ name }) => name);
  if (deleted.length > 0) await kubectl(layout, built, "delete", "namespace", "--wait=false", ...deleted);
}

/** One for each of the faults whose name is that of the webhook. */
function webhooks(cert: string): string {
  const webhook = (name: string) => ({
    name: `${name}.example.com`,
    clientConfig: {
      url: `https://127.0.0.1:${webhookPort}/${name.replace("webhook-", "")}`,
      caBundle: Buffer.from(cert).toString("base64"),
    },
    rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
    timeoutSeconds: 1,
    failurePolicy: "Fail",
    sideEffects: "None",
    admissionReviewVersions: ["v1"],
  });
  return JSON.stringify({
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: { name: "faults-served" },
    webhooks: [webhook("webhook-refuses"), webhook("webhook-late")],
  });
}

const source = (url: string) => `
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: faults, namespace: flux-system }
spec: { url: "${url}", ref: { branch: main }, interval: 10m }`;
