import { expect, test } from "vitest";
import { reachedThrough } from "../../../src/activities/namespace/reached-through.ts";
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
  object("Service", "lb", {}, { status: { loadBalancer: { ingress: [{ ip: "192.0.2.7" }] } } }),
  object("Ingress", "git", { rules: [{ host: "git.example.org" }, {}], tls: [{ hosts: ["*.forge.example.org"] }] }),
  object("HTTPRoute", "git", { hostnames: ["route.example.org"] }),
  object("TLSRoute", "git", { hostnames: ["tls.example.org"] }),
];
const source = (kind: string, spec: object) => ({
  ...object(kind, "apps", spec),
  metadata: { name: "apps", namespace: "flux-system" },
});
const read = (one: KubernetesObject) => reachedThrough("dev", { objects, gitops: [one], stores: [] });

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
])("%s is reached through it", (url) => {
  for (const kind of ["GitRepository", "OCIRepository", "HelmRepository"])
    expect(read(source(kind, { url }))).toEqual([`what ${kind} flux-system/apps reads from`]);
  expect(read(source("Bucket", { endpoint: url }))).toHaveLength(1);
  expect(read(source("Application", { source: { repoURL: url } }))).toHaveLength(1);
  expect(read(source("Application", { sources: [{ repoURL: "https://other.org" }, { repoURL: url }] }))).toHaveLength(
    1,
  );
  const stores = [{ name: "BackupTarget a/b", namespace: "a", urls: [url] }];
  expect(reachedThrough("dev", { objects, gitops: [], stores })).toEqual(["the backups of BackupTarget a/b"]);
});

test.each([
  ["https://git.example.dev/apps.git"],
  ["https://example.dev/apps.git"],
  ["http://other.dev.svc.cluster.local/apps.git"],
  ["http://git.devel.svc/apps.git"],
  ["https://example.org/git.dev"],
  ["s3://bucket@eu-central-1/"],
])("%s is not", (url) => {
  expect(read(source("GitRepository", { url }))).toEqual([]);
  const stores = [{ name: "BackupTarget a/b", namespace: "a", urls: [url] }];
  expect(reachedThrough("dev", { objects, gitops: [], stores })).toEqual([]);
});

test("a store that lies in it, and a source that goes with it", () => {
  const stores = [{ name: "BackupTarget dev/b", namespace: "dev", urls: [] }];
  expect(reachedThrough("dev", { objects, gitops: [], stores })).toHaveLength(1);
  expect(read(object("GitRepository", "own", { url: "http://git.dev.svc" }))).toEqual([]);
});
