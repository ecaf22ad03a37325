import { mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { exists } from "../../src/activities/files.ts";
import { certificates } from "../cluster/certificates.ts";
import { applyManifests } from "../cluster/kubectl.ts";
import type { Layout } from "../cluster/layout.ts";
import { type Sandbox, startWithin } from "../cluster/sandbox.ts";
import type { Built } from "../go-programs.ts";
import { applyDefinitions } from "./definitions.ts";

const redis = { address: "127.0.0.1", port: 6379 };
const repoServer = "127.0.0.1:8081";

/** Argo CD's application controller and repository server, and their Redis, as processes on the node instead of pods. */
export async function startArgoCd(sandbox: Sandbox, built: Built): Promise<void> {
  const { layout } = sandbox;
  const directory = join(layout.directory, "argocd");
  const places = ["bin", "tls", "ssh", "gpg", "gnupg"].map((name) => join(directory, name));
  for (const place of places) await mkdir(place, { recursive: true, mode: 0o700 });
  const [bin = "", tls = "", ssh = "", gpg = "", gnupg = ""] = places;
  // That of ApplicationSets, which nothing here makes, would take the API server three seconds.
  await applyDefinitions(layout, built, built.argocd, ["application-crd.yaml", "appproject-crd.yaml"]);
  await applyManifests(layout, built, await settings(layout));
  const listen = ["--bind", redis.address, "--port", String(redis.port), "--save", "", "--appendonly", "no"];
  await startWithin(sandbox, "redis", ["redis-server", ...listen]);
  const env = {
    ARGOCD_GPG_ENABLED: "false",
    ARGOCD_TLS_DATA_PATH: tls,
    ARGOCD_SSH_DATA_PATH: ssh,
    ARGOCD_GPG_DATA_PATH: gpg,
    ARGOCD_GNUPGHOME: gnupg,
    HOME: directory,
  };
  const start = async (program: string, args: string[]) => {
    // One program, which looks at the name by which it is called.
    const path = join(bin, program);
    if (!(await exists(path))) await symlink(join(built.argocd, "argocd"), path);
    await startWithin(sandbox, program, [path, "--redis", `${redis.address}:${redis.port}`, ...args], env);
  };
  const [, repoPort = ""] = repoServer.split(":");
  await start("argocd-repo-server", ["--port", repoPort, "--metrics-port", "8084", "--disable-tls"]);
  const controller = ["--repo-server", repoServer, "--repo-server-plaintext", "--metrics-port", "8082"];
  const access = ["--kubeconfig", layout.kubeconfig, "--namespace", "argocd", "--app-resync", "30"];
  await start("argocd-application-controller", [...controller, ...access]);
}

/** What its installation would make: a namespace, settings, a project, and the cluster itself as the place to deploy to. */
async function settings(layout: Layout): Promise<string> {
  const labels = { "app.kubernetes.io/part-of": "argocd" };
  const metadata = (name: string, more: object = {}) => ({ name, namespace: "argocd", ...more });
  const read = async (file: string) => (await readFile(join(certificates(layout), file))).toString("base64");
  const tlsClientConfig = {
    caData: await read("ca.crt"),
    certData: await read("admin.crt"),
    keyData: await read("admin.key"),
  };
  const manifests = [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "argocd" } },
    { apiVersion: "v1", kind: "ConfigMap", metadata: metadata("argocd-cm", { labels }) },
    { apiVersion: "v1", kind: "ConfigMap", metadata: metadata("argocd-rbac-cm", { labels }) },
    { apiVersion: "v1", kind: "ConfigMap", metadata: metadata("argocd-cmd-params-cm", { labels }) },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: metadata("argocd-secret", { labels }),
      stringData: { "server.secretkey": "of a lab" },
    },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: metadata("in-cluster", { labels: { "argocd.argoproj.io/secret-type": "cluster" } }),
      stringData: {
        name: "in-cluster",
        server: `https://${layout.nodeAddress}:6443`,
        config: JSON.stringify({ tlsClientConfig }),
      },
    },
    {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AppProject",
      metadata: metadata("default"),
      spec: {
        sourceRepos: ["*"],
        destinations: [{ namespace: "*", server: "*" }],
        clusterResourceWhitelist: [{ group: "*", kind: "*" }],
      },
    },
  ];
  return manifests.map((manifest) => stringify(manifest)).join("---\n");
}
