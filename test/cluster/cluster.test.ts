import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { applyManifests, kubectl, waitUntil } from "../../lab/cluster/kubectl.ts";
import { removeSandbox, type Sandbox } from "../../lab/cluster/sandbox.ts";
import { clusters } from "../../lab/cluster/status.ts";
import { clusterUp } from "../../lab/cluster/up.ts";
import { commit, repositoryUrl } from "../../lab/gitops/repository.ts";
import { type Built, ensureGoPrograms } from "../../lab/go-programs.ts";
import { goModules, type GoModuleName } from "../../lab/go-table.ts";
import { terminalTalk } from "../../lab/terminal.ts";

/** The lab's clusters are real ones: pods run, names resolve, Flux rebuilds; and nothing of them is left. */

const names = ["test-a", "test-b"];
let built: Built;
let one: Sandbox;

const up = async (name: string) => await clusterUp(name, built, () => undefined);
const ask = async (...args: string[]) => await kubectl(one.layout, built, ...args);

beforeAll(async () => {
  built = await ensureGoPrograms(Object.keys(goModules) as GoModuleName[], terminalTalk());
  for (const name of names) await removeSandbox(name);
  one = await up("test-a");
});
afterAll(async () => {
  for (const name of names) await removeSandbox(name);
});

const web = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: demo }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: web
          image: localhost/busybox:1
          imagePullPolicy: Never
          command: [sh, -c, "mkdir -p /www && echo hello from $HOSTNAME > /www/index.html && httpd -f -p 80 -h /www"]
          readinessProbe: { httpGet: { port: 80, path: / }, periodSeconds: 1 }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: demo }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
`;
const namespace = "apiVersion: v1\nkind: Namespace\nmetadata: { name: demo }\n";

const available = async () =>
  (await ask("-n", "demo", "wait", "deployment/web", "--for=condition=Available", "--timeout=1s")).ok;

test("a pod runs, answers this machine through its Service, and finds names", async () => {
  await applyManifests(one.layout, built, `${namespace}---${web}`);
  await waitUntil("web is available", 60_000, available);
  const { output: address } = await ask("-n", "demo", "get", "service", "web", "-o", "jsonpath={.spec.clusterIP}");
  expect(await (await fetch(`http://${address}/`)).text()).toMatch(/hello from web-/);
  const inside = await ask(
    "-n",
    "demo",
    "exec",
    "deployment/web",
    "--",
    "wget",
    "-qO-",
    "http://web.demo.svc.cluster.local/",
  );
  expect(inside.output).toMatch(/hello from web-/);
  const api = await ask(
    "-n",
    "demo",
    "exec",
    "deployment/web",
    "--",
    "nslookup",
    "kubernetes.default.svc.cluster.local",
  );
  expect(api.output).toContain(one.layout.serviceSubnet.replace(/0\/\d+$/, "1"));
  await ask("delete", "namespace", "demo", "--timeout=60s");
});

test("Flux makes what a repository holds, and makes it again when its namespace was deleted", async () => {
  await commit(one.layout, "apps", { "demo/namespace.yaml": namespace, "demo/web.yaml": web }, "an application");
  const flux = `
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: apps, namespace: flux-system }
spec: { url: "${repositoryUrl(one.layout, "apps")}", ref: { branch: main }, interval: 10m }
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: apps, namespace: flux-system }
spec: { sourceRef: { kind: GitRepository, name: apps }, path: ./demo, prune: true, interval: 10m }
`;
  await applyManifests(one.layout, built, flux);
  await waitUntil("Flux has made it", 60_000, available);
  const uid = async () => (await ask("get", "namespace", "demo", "-o", "jsonpath={.metadata.uid}")).output;
  const before = await uid();
  expect(await ask("delete", "namespace", "demo", "--timeout=60s")).toMatchObject({ ok: true });
  const requested = `reconcile.fluxcd.io/requestedAt=${new Date().toISOString()}`;
  await ask("-n", "flux-system", "annotate", "kustomization", "apps", requested);
  await waitUntil("Flux has made it again", 60_000, available);
  expect(await uid()).not.toBe(before);
});

test("clusters run side by side, and the one that is removed leaves nothing and the other in peace", async () => {
  const two = await up("test-b");
  expect((await kubectl(two.layout, built, "get", "namespace", "demo")).output).toContain("NotFound");
  expect(await clusters()).toEqual(
    expect.arrayContaining(names.map((name) => expect.objectContaining({ name, running: true, dead: [] }) as unknown)),
  );
  const again = await up("test-b");
  expect(again.init).toEqual(two.init);

  const before = await traces("test-b");
  expect(before).not.toEqual([]);
  await removeSandbox("test-b");
  expect(await traces("test-b")).toEqual([]);
  expect(existsSync(two.layout.directory)).toBe(false);
  expect((await ask("get", "--raw", "/readyz")).output).toBe("ok");
});

test("a cluster of which a program has died says so; one that has died is made anew", async () => {
  const two = await up("test-b");
  const directory = join(two.layout.directory, "processes");
  const { pid } = JSON.parse(await readText(join(directory, "coredns.json"))) as { pid: number };
  process.kill(pid, "SIGKILL");
  const found = async () => (await clusters()).find(({ name }) => name === "test-b");
  await expect.poll(found).toMatchObject({ running: true, dead: ["coredns"] });
  process.kill(two.init.pid, "SIGKILL");
  await expect.poll(found).toMatchObject({ running: false });
  const three = await up("test-b");
  expect(three.init).not.toEqual(two.init);
});

const readText = async (path: string) => await readFile(path, "utf8");

/** Processes, mounts, links and control groups that a cluster has made, as this machine sees them. */
async function traces(name: string): Promise<string[]> {
  const directory = `/firedrill-lab/${name}/`;
  const { stdout: mounts } = await execa("cat", ["/proc/self/mounts"]);
  const { stdout: links } = await execa("ip", ["-brief", "link"]);
  const { stdout: ruleset } = await execa("nft", ["list", "ruleset"]);
  const processes = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const lines = await Promise.all(processes.map((pid) => readText(`/proc/${pid}/cmdline`).catch(() => "")));
  const groups = await execa("find", ["/sys/fs/cgroup", "-maxdepth", "2", "-name", `firedrill-lab-${name}`]);
  const ours = (await clusters()).filter((cluster) => cluster.running).length;
  return [
    ...lines.filter((line) => line.includes(directory)),
    ...mounts.split("\n").filter((line) => line.includes(directory)),
    ...links
      .split("\n")
      .filter((line) => line.startsWith("firedrill"))
      .slice(ours),
    ...(ruleset.includes("kube-proxy") ? ["nft rules"] : []),
    ...groups.stdout.split("\n").filter((line) => line !== ""),
  ];
}
