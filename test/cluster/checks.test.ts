import { execa, type ResultPromise } from "execa";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { waitUntil } from "../../lab/cluster/kubectl.ts";
import { askOnce, noteBefore } from "../../src/activities/checks/index.ts";
import { discover } from "../../src/activities/kubernetes/discovery.ts";
import type { KubernetesObject } from "../../src/activities/kubernetes/object.ts";
import type { Session } from "../../src/activities/kubernetes/session.ts";
import { type Check, Check as schema } from "../../src/plan/check-schema.ts";
import { tryPort } from "../../src/temporal/ports.ts";
import { createTestCluster, scratchNamespace as namespace, type TestCluster } from "../support/test-cluster.ts";

/** Checks that ask a cluster and a real Alertmanager. cert-manager itself is not there: the test says what it would say. */

let own: TestCluster;
let session: Session;
let directory: string;
const { signal } = new AbortController();

beforeAll(async () => {
  own = await createTestCluster("test-checks");
  directory = await mkdtemp(join(tmpdir(), "fd-checks-"));
  const { cluster } = own;
  await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  await cluster.apply(certificates);
  await waitUntil("Certificates are served", 30_000, async () =>
    (await discover(cluster)).resources.some(({ plural }) => plural === "certificates"),
  );
  const { resources, stale } = await discover(cluster);
  session = { cluster, identity: await cluster.identity(), resources, stale };
});
afterAll(async () => {
  await own?.remove();
  await rm(directory, { recursive: true, force: true });
});

const object = (apiVersion: string, kind: string, name: string, rest: object) =>
  ({ apiVersion, kind, metadata: { name, namespace }, ...rest }) as KubernetesObject;
const parsed = (check: object): Check => schema.parse({ namespace, ...check });
const note = async (check: Check) => await noteBefore([check], { session, signal });
const answer = async (noted: Awaited<ReturnType<typeof note>>, from: Session | undefined = session) =>
  (await askOnce(noted, { session: from, signal }))[0]!;

/** As cert-manager's own one, with what the check reads. */
const certificates = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "certificates.cert-manager.io" },
  spec: {
    group: "cert-manager.io",
    scope: "Namespaced",
    names: { kind: "Certificate", plural: "certificates", singular: "certificate" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
} as KubernetesObject;

/** Valid for a month from now on. */
async function issue(): Promise<void> {
  const [key, crt] = ["tls.key", "tls.crt"].map((name) => join(directory, name)) as [string, string];
  const made = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=shop.example.org"];
  await execa("openssl", ["req", ...made, "-keyout", key, "-out", crt]);
  const data = { "tls.crt": (await readFile(crt)).toString("base64") };
  await own.cluster.apply(object("v1", "Secret", "shop-tls", { data }));
}

const ready = (status: string, message: string) =>
  object("cert-manager.io/v1", "Certificate", "shop", {
    spec: { secretName: "shop-tls" },
    status: { conditions: [{ type: "Ready", status, message }] },
  });

test("a certificate: there, issued, in its Secret, and valid now", async () => {
  const noted = await note(parsed({ kind: "certificate", name: "shop" }));
  expect(await answer(noted)).toMatchObject({ ok: false, found: "there is no such Certificate" });
  await own.cluster.apply(ready("False", "waiting for the order to be fulfilled"));
  expect(await answer(noted)).toMatchObject({ ok: false, found: "not issued: waiting for the order to be fulfilled" });
  await own.cluster.apply(ready("True", "up to date"));
  expect(await answer(noted)).toMatchObject({ ok: false, found: "Secret shop-tls has no certificate" });
  await issue();
  expect(await answer(noted)).toMatchObject({ ok: true, found: expect.stringMatching(/^valid until /) as string });
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 31 * 24 * 3_600_000 });
  expect(await answer(noted)).toMatchObject({ ok: false, found: expect.stringMatching(/^valid until /) as string });
  vi.useRealTimers();
  const gone = (await askOnce(noted, { session: undefined, signal }))[0];
  expect(gone).toMatchObject({ ok: false, found: expect.stringContaining("does not answer") as string });
});

const ingress = (host: string, ingressClassName: string) =>
  object("networking.k8s.io/v1", "Ingress", "shop", {
    spec: {
      ingressClassName,
      rules: [
        {
          host,
          http: {
            paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "shop", port: { number: 80 } } } }],
          },
        },
      ],
    },
  });

test("an Ingress: with the address of before, also where its hosts resolve to", async () => {
  const { cluster } = own;
  const kind = await cluster.resourceOf("networking.k8s.io/v1", "Ingress");
  const addressed = async () => {
    const { loadBalancer } = ((await cluster.get(kind, "shop", namespace))?.status ?? {}) as {
      loadBalancer?: { ingress?: unknown[] };
    };
    return (loadBalancer?.ingress?.length ?? 0) > 0;
  };
  await cluster.apply(ingress("localhost", "nobody"));
  const early = await note(parsed({ kind: "ingress", name: "shop" }));
  expect(await answer(early)).toMatchObject({ ok: false, found: "ingress had no address before either" });

  await cluster.apply(ingress("localhost", "lab"));
  await waitUntil("the Ingress has an address", 30_000, addressed);
  const noted = await note(parsed({ kind: "ingress", name: "shop" }));
  expect(await answer(noted)).toMatchObject({
    ok: true,
    found: expect.stringMatching(/^ingress \d.*localhost /) as string,
  });
  // Made anew, for another host, and not served yet.
  await cluster.remove(kind, "shop", namespace);
  expect(await answer(noted)).toMatchObject({ ok: false, found: "ingress nowhere" });
  await cluster.apply(ingress("nowhere.invalid", "lab"));
  await waitUntil("the Ingress has an address again", 30_000, addressed);
  expect(await answer(noted)).toMatchObject({
    ok: false,
    found: expect.stringContaining("nowhere.invalid nowhere") as string,
    expected: expect.stringContaining("localhost") as string,
  });
});

test("a real Alertmanager: what fires already may fire, what is silenced does not count, and what is new is named", async () => {
  const [port, peers] = [await tryPort(0), await tryPort(0)];
  const config = join(directory, "alertmanager.yml");
  await writeFile(config, "route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n");
  const url = `http://127.0.0.1:${port}`;
  const start = (): ResultPromise =>
    execa(
      "prometheus-alertmanager",
      [
        `--config.file=${config}`,
        `--storage.path=${join(directory, "alertmanager")}`,
        `--web.listen-address=127.0.0.1:${port}`,
        `--cluster.listen-address=127.0.0.1:${peers}`,
      ],
      { reject: false, stdio: "ignore" },
    );
  const post = async (what: string, body: unknown) => {
    const headers = { "content-type": "application/json" };
    const { status } = await fetch(`${url}/api/v2/${what}`, { method: "POST", headers, body: JSON.stringify(body) });
    expect(status).toBe(200);
  };
  const fire = async (alertname: string) => await post("alerts", [{ labels: { alertname, namespace: "shop" } }]);
  const server = start();
  try {
    await waitUntil(
      "Alertmanager answers",
      30_000,
      async () => (await fetch(`${url}/-/ready`).catch(() => null))?.ok === true,
    );
    await fire("Watchdog");
    await fire("DiskFull");
    const noted = await note(schema.parse({ kind: "alertmanager", url, except: ["Watchdog"] }));
    expect(await answer(noted)).toMatchObject({
      ok: true,
      expected: expect.stringContaining("DiskFull (shop)") as string,
    });
    await fire("PodCrashes");
    expect(await answer(noted)).toMatchObject({ ok: false, found: "firing: PodCrashes (shop)" });
    const [startsAt, endsAt] = [Date.now(), Date.now() + 3_600_000].map((at) => new Date(at).toISOString());
    const matchers = [{ name: "alertname", value: "PodCrashes", isRegex: false, isEqual: true }];
    await post("silences", { matchers, startsAt, endsAt, createdBy: "anna", comment: "test" });
    await waitUntil("the silence holds", 30_000, async () => (await answer(noted)).ok);
    server.kill();
    await server;
    expect(await answer(noted)).toMatchObject({
      ok: false,
      found: expect.stringContaining("cannot be reached") as string,
    });
  } finally {
    server.kill("SIGKILL");
    await server;
  }
});
