import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askRegistry } from "../../../src/activities/registry/client.ts";
import { credentialsOf } from "../../../src/activities/registry/pull-secrets.ts";
import { parseReference } from "../../../src/activities/registry/reference.ts";

/** Whether an image can still be pulled, asked as the kubelet would. */

test.each([
  ["busybox", "registry-1.docker.io", "library/busybox", "latest"],
  ["bitnami/os-shell:12-debian-12-r30", "registry-1.docker.io", "bitnami/os-shell", "12-debian-12-r30"],
  ["docker.io/library/redis:7", "registry-1.docker.io", "library/redis", "7"],
  ["ghcr.io/team/app@sha256:abc", "ghcr.io", "team/app", "sha256:abc"],
  ["ghcr.io/team/app:1@sha256:abc", "ghcr.io", "team/app", "sha256:abc"],
  ["10.0.0.2:5000/shop:1", "10.0.0.2:5000", "shop", "1"],
  ["localhost/shop", "localhost", "shop", "latest"],
])("%s is asked of %s", (image, host, repository, version) => {
  expect(parseReference(image)).toEqual({ host, repository, version });
});

test("pull secrets of both formats, with or without a whole address; Docker Hub by any name", () => {
  const secret = (type: string, key: string, value: object | string) => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "pull" },
    type,
    data: { [key]: Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64") },
  });
  const json = secret("kubernetes.io/dockerconfigjson", ".dockerconfigjson", {
    auths: { "https://index.docker.io/v1/": { auth: "aHVi" }, "ghcr.io": { username: "u", password: "p" } },
  });
  const old = secret("kubernetes.io/dockercfg", ".dockercfg", { "quay.io": { auth: "cXVheQ==" } });
  const broken = secret("kubernetes.io/dockerconfigjson", ".dockerconfigjson", "no JSON");
  expect([...credentialsOf([json, old, broken])]).toEqual([
    ["registry-1.docker.io", ["aHVi"]],
    ["ghcr.io", [Buffer.from("u:p").toString("base64")]],
    ["quay.io", ["cXVheQ=="]],
  ]);
});

describe("a registry", () => {
  let server: Server;
  let host: string;
  const asked: { path: string; authorization: string | undefined }[] = [];
  beforeAll(async () => {
    server = createServer(({ url = "", headers }, response) => {
      asked.push({ path: url, authorization: headers.authorization });
      const [, name] = /^\/v2\/(.+)\/manifests\//.exec(url) ?? [];
      response.writeHead(name === "there" ? 200 : name === "locked" ? 401 : name === "broken" ? 503 : 404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());
  const ask = (name: string, credentials = new Map<string, string[]>()) =>
    askRegistry(`${host}/${name}:1`, credentials, new AbortController().signal);

  test.each([
    ["there", { state: "there" }],
    ["gone", { state: "gone", why: expect.stringContaining("has no such image or tag") }],
    ["locked", { state: "unknown", why: expect.stringContaining("status 401 to who has no pull secret") }],
    ["broken", { state: "unknown", why: expect.stringContaining("status 503") }],
  ])("that says of an image: %s", async (name, said) => expect(await ask(name)).toMatchObject(said));

  test("that was not shown the pull secret has not refused it", async () => {
    expect(await ask("locked", new Map([[host, ["c2VjcmV0"]]]))).toEqual({
      state: "unknown",
      why: `${host} wants the pull secret, and without TLS it was not shown one`,
    });
  });

  test("never gets a password without TLS", async () => {
    asked.length = 0;
    await ask("locked", new Map([[host, ["c2VjcmV0"]]]));
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  test("that is not there proves nothing", async () => {
    expect(await askRegistry("127.0.0.1:1/shop:1", new Map(), new AbortController().signal)).toMatchObject({
      state: "unknown",
      why: expect.stringContaining("does not answer"),
    });
  });
});

test("an image of Bitnami's that is gone: where it went is said", async () => {
  // No registry is asked: the answer is about the name.
  const { replacement } = await import("../../../src/activities/registry/client.ts");
  expect(replacement("bitnami/os-shell:12-debian-12-r30")).toContain(
    "docker.io/bitnamilegacy/os-shell:12-debian-12-r30",
  );
  expect(replacement("ghcr.io/bitnami/os-shell:1")).not.toContain("bitnamilegacy");
});
