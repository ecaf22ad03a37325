import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { controlCluster } from "../../../src/activities/cluster/control.ts";
import { keepKnown, recallKnown } from "../../../src/activities/cluster/memory.ts";
import { serverCertificate } from "../../../src/activities/kubernetes/server-certificate.ts";
import type { StepContext } from "../../../src/activities/step.ts";
import { describeFailure } from "../../../src/failures.ts";
import { type Answering, certificate, type FakeApiServer, startFakeApiServer } from "../../support/fake-api-server.ts";

/** Whether the old cluster is gone, before anything is made in its place. */

let directory: string;
let server: FakeApiServer;
let context: StepContext;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "firedrill-control-"));
  context = { directory, signal: new AbortController().signal, progress: () => undefined } as unknown as StepContext;
});
afterEach(async () => {
  await server.stop().catch(() => "stopped by its test");
  await rm(directory, { recursive: true });
});

const says =
  (status: number, body: object): Answering =>
  (_, response) =>
    void response
      .writeHead(status, { "content-type": "application/json" })
      .end(JSON.stringify(status < 300 ? body : { kind: "Status", ...body }));
const page =
  (status: number): Answering =>
  (_, response) =>
    void response.writeHead(status, { "content-type": "text/html" }).end("<html>a balancer</html>");

/** @param change of the kubeconfig of before */
async function before(how: Answering, change = (kubeconfig: string) => kubeconfig, ca?: string): Promise<void> {
  server = await startFakeApiServer(how);
  const known = { identity: "u1", server: "", nodes: ["a"], layers: ["apps"], takenAt: "", checks: [] };
  await keepKnown(context, { ...known, certificate: "AB:12" }, change(server.kubeconfig(undefined, ca)));
}
/** Its credentials come from where nobody is any more. */
const withPlugin = (kubeconfig: string) =>
  kubeconfig.replace(
    /token: .*/,
    "exec: { apiVersion: client.authentication.k8s.io/v1, command: /bin/false, interactiveMode: Never }",
  );

const control = () => controlCluster({ access: { kubeconfig: { file: "/x" } } } as never, context, 500);
const uid = (one: string) => says(200, { metadata: { name: "kube-system", uid: one } });

const failure = async () => describeFailure(await control().catch((error: unknown) => error));

test.each<[string, Answering, string]>([
  ["tells its old uid", uid("u1"), "the old cluster still answers at https://"],
  [
    "refuses our rights",
    says(403, { message: 'User "x" cannot get resource "namespaces"' }),
    "something still answers",
  ],
  ["is busy", says(503, { message: "etcd is away" }), "what answers may be the old cluster: "],
  ["does not know us any more", says(401, {}), "what answers may be the old cluster: "],
])("nothing is made while what answers %s", { timeout: 60_000 }, async (_, how, words) => {
  await before(how);
  const message = expect.stringContaining(words) as string;
  expect(await failure()).toMatchObject({ type: "NOT_DESTROYED", message });
});

test("nothing is made while its certificate only bears another name than we ask for", { timeout: 60_000 }, async () => {
  await before(uid("u1"), (kubeconfig) => kubeconfig.replace("127.0.0.1", "localhost"));
  const message = expect.stringContaining("ALTNAME") as string;
  expect(await failure()).toMatchObject({ type: "NOT_DESTROYED", message });
});

test(
  "what gives the credentials may be gone with it: whether somebody is there is asked all the same",
  { timeout: 60_000 },
  async () => {
    await before(uid("u1"), withPlugin);
    const message = expect.stringContaining("it could not be asked") as string;
    expect(await failure()).toMatchObject({ type: "NOT_DESTROYED", message });
    await server.stop();
    expect((await control()).note).toMatch(/^nothing is at https.*gives no credentials/);
  },
);

const rows = (...passed: boolean[]) =>
  ["Cluster", "Certificate", "Nodes", "Layer apps"].map((name, n) => ({ name, passed: passed[n] ?? false }));

test("gone: nobody is there, or something with the certificate of another CA", { timeout: 60_000 }, async () => {
  await before(uid("u1"));
  await server.stop();
  expect(await control()).toMatchObject({ checks: rows(), note: expect.stringContaining("does not answer") as string });
  await before(uid("u1"), undefined, certificate().cert);
  const note = expect.stringContaining("is not the old cluster: there is no trusted connection") as string;
  expect(await control()).toMatchObject({ checks: rows(), note });
});

test("another cluster at its address: by it the first rows pass already, and prove nothing", async () => {
  await before(uid("u2"));
  expect((await control()).checks).toMatchObject(rows(true, true));
});

test.each([200, 302, 401, 403, 404, 502, 503])(
  "gone: a balancer before it says %d by itself; its certificate is not the cluster's",
  { timeout: 60_000 },
  async (status) => {
    await before(page(status));
    const { checks, note } = await control();
    expect(note).toContain("is not the old cluster: ");
    expect(checks.map(({ name, passed }) => [name, passed])).toEqual([
      ["Cluster", false],
      ["Nodes", false],
      ["Layer apps", false],
    ]);
    expect((await recallKnown(context)).certificate).toBeUndefined();
  },
);

test("the certificate of a server is its own, and told only where the kubeconfig has a CA for it", async () => {
  await before(uid("u1"));
  const kubeconfig = server.kubeconfig();
  const one = await serverCertificate(kubeconfig, undefined, context.signal);
  expect(one).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  const other = await startFakeApiServer(uid("u1"));
  expect(await serverCertificate(other.kubeconfig(), undefined, context.signal)).not.toBe(one);
  await other.stop();
  expect(
    await serverCertificate(kubeconfig.replace(/certificate-authority-data: .*/, ""), undefined, context.signal),
  ).toBeNull();
  await server.stop();
  await expect(serverCertificate(kubeconfig, undefined, context.signal)).rejects.toThrow("does not answer");
});
