import { expect, test } from "vitest";
import { hostOf, portOf, resolveAll } from "../../../src/activities/namespace/addresses.ts";
import type { BackupStore } from "../../../src/activities/namespace/backup-stores.ts";
import { hasNodePorts, neededOf, reachedThrough } from "../../../src/activities/namespace/reached-through.ts";
import type { KubernetesObject } from "../../../src/activities/kubernetes/object.ts";

/** What a recovery needs must not be reached through the namespace that is deleted. */

const object = (kind: string, name: string, spec: object = {}, more: object = {}): KubernetesObject => ({
  apiVersion: "v1",
  kind,
  metadata: { name, namespace: "dev" },
  spec: spec as Record<string, unknown>,
  ...more,
});
const objects = [
  object("Service", "git", { clusterIPs: ["10.0.0.9"] }),
  object("Service", "np", { ports: [{ port: 9000, nodePort: 30900 }] }),
  object("Pod", "p", {}, { status: { podIPs: [{ ip: "10.1.0.7" }, { ip: "fd00::7" }] } }),
  object("Pod", "host", { hostNetwork: true }, { status: { podIPs: [{ ip: "192.0.2.50" }] } }),
  object("Service", "lb", {}, { status: { loadBalancer: { ingress: [{ ip: "192.0.2.7" }] } } }),
  object("Ingress", "git", { rules: [{ host: "git.example.org" }, {}], tls: [{ hosts: ["*.forge.example.org"] }] }),
  object("HTTPRoute", "git", { hostnames: ["route.example.org"] }),
  object("TLSRoute", "git", { hostnames: ["tls.example.org"] }),
];
const source = (kind: string, spec: object) => ({
  ...object(kind, "apps", spec),
  metadata: { name: "apps", namespace: "flux-system" },
});
const node = { ...object("Node", "n1"), status: { addresses: [{ type: "InternalIP", address: "192.0.2.50" }] } };
const temporal = "127.0.0.1:7233";

function lost({ gitops = [], stores = [], at = temporal, resolved = {}, nodes = [node] }: Partial<Asked>) {
  return reachedThrough("dev", neededOf("dev", gitops, stores, at), { objects, nodes, resolved });
}
interface Asked {
  gitops: KubernetesObject[];
  stores: BackupStore[];
  /** Temporal's address. */
  at: string;
  resolved: Record<string, string[]>;
  nodes: KubernetesObject[];
}
const read = (one: KubernetesObject) => lost({ gitops: [one] });

test.each([
  ["http://git.dev.svc.cluster.local/apps.git"],
  ["http://git.dev.svc:8080/apps.git"],
  ["ssh://git@git.dev/apps.git"],
  ["git@git.dev.svc:apps.git"],
  ["git.dev.svc:9000"],
  ["http://git-0.git.dev.svc.cluster.local."],
  ["https://user:word@GIT.example.org/apps.git"],
  ["https://a.forge.example.org/apps.git"],
  ["oci://route.example.org/charts"],
  ["https://tls.example.org"],
  ["http://10.0.0.9/apps.git"],
  ["http://192.0.2.7/apps.git"],
  ["http://10.1.0.7:8080/apps.git"],
  ["http://[fd00::7]:8080/apps.git"],
  ["http://192.0.2.50:30900/apps.git"],
])("%s is reached through it", (url) => {
  for (const kind of ["GitRepository", "OCIRepository", "HelmRepository"])
    expect(read(source(kind, { url }))).toEqual([
      expect.stringMatching(
        new RegExp(`^what ${kind} flux-system/apps reads from at ${escape(hostOf(url))} \\(\\w+/\\w+\\)$`),
      ),
    ]);
  expect(read(source("Bucket", { endpoint: url }))).toHaveLength(1);
  expect(read(source("Application", { source: { repoURL: url } }))).toHaveLength(1);
  expect(read(source("Application", { sources: [{ repoURL: "https://other.org" }, { repoURL: url }] }))).toHaveLength(
    1,
  );
  const stores = [{ name: "BackupTarget a/b", namespace: "a", urls: [url] }];
  expect(lost({ stores })).toEqual([expect.stringMatching(/^the backups of BackupTarget a\/b at /)]);
  expect(lost({ at: url })).toEqual([expect.stringMatching(/^Temporal, which conducts this run, at /)]);
});

test.each([
  ["https://git.example.dev/apps.git"],
  ["https://example.dev/apps.git"],
  ["http://other.dev.svc.cluster.local/apps.git"],
  ["http://git.devel.svc/apps.git"],
  ["https://example.org/git.dev"],
  ["s3://bucket@eu-central-1/"],
  ["http://192.0.2.50:30901/apps.git"],
  ["http://192.0.2.50/apps.git"],
  ["http://10.1.0.70/apps.git"],
])("%s is not", (url) => {
  expect(read(source("GitRepository", { url }))).toEqual([]);
  const stores = [{ name: "BackupTarget a/b", namespace: "a", urls: [url] }];
  expect(lost({ stores, at: url })).toEqual([]);
});

const escape = (text: string) => text.replaceAll(/[.*[\]]/g, String.raw`\$&`);

test("a name of somebody else's that leads there is seen when it is resolved", () => {
  const at = "temporal.lan:7233";
  expect(lost({ at, resolved: { "temporal.lan": ["192.0.2.1", "10.0.0.9"] } })).toEqual([
    "Temporal, which conducts this run, at temporal.lan (Service/git)",
  ]);
  expect(lost({ at, resolved: { "temporal.lan": ["192.0.2.1"] } })).toEqual([]);
  const byNodePort = { at: "temporal.lan:30900", resolved: { "temporal.lan": ["192.0.2.50"] } };
  expect(lost(byNodePort)).toEqual(["Temporal, which conducts this run, at temporal.lan (Service/np)"]);
  expect(lost({ ...byNodePort, nodes: [] })).toEqual([]);
  expect([hasNodePorts(objects), hasNodePorts(objects.slice(0, 1))]).toEqual([true, false]);
});

test("what has a name is resolved, what has none or cannot be is left out", async () => {
  const urls = ["http://localhost:1/x", "10.0.0.9:80", "https://nobody.invalid", "s3://bucket@eu/"];
  const { localhost, ...others } = await resolveAll(urls);
  expect(localhost).toContain("127.0.0.1");
  expect(others).toEqual({ "10.0.0.9": ["10.0.0.9"], "nobody.invalid": [], eu: [] });
  expect([portOf("https://a.b:8443/x:1"), portOf("[::1]:7233"), portOf("https://a.b/")]).toEqual([
    8443,
    7233,
    undefined,
  ]);
});

test("a store that lies in it, and a source that goes with it", () => {
  const stores = [{ name: "BackupTarget dev/b", namespace: "dev", urls: [] }];
  expect(lost({ stores })).toEqual(["the backups of BackupTarget dev/b"]);
  expect(read(object("GitRepository", "own", { url: "http://git.dev.svc" }))).toEqual([]);
});
