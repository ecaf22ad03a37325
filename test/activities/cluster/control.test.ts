import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { controlCluster } from "../../../src/activities/cluster/control.ts";
import { keepKnown } from "../../../src/activities/cluster/memory.ts";
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
    void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));

/** @param trusted false: what answers shows another certificate than the one of before */
async function before(how: Answering, trusted = true): Promise<void> {
  server = await startFakeApiServer(how);
  const known = { identity: "u1", server: "", nodes: ["a"], layers: ["apps"], takenAt: "", checks: [] };
  const kubeconfig = server.kubeconfig(undefined, trusted ? undefined : certificate().cert);
  await keepKnown(context, { ...known, certificate: "AB:12" }, kubeconfig);
}

const control = () => controlCluster({ access: { kubeconfig: { file: "/x" } } } as never, context, 500);
const uid = (one: string) => says(200, { metadata: { name: "kube-system", uid: one } });

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
  expect(describeFailure(await control().catch((error: unknown) => error))).toMatchObject({
    type: "NOT_DESTROYED",
    message: expect.stringContaining(words) as string,
  });
});

test(
  "gone: another cluster is at its address, or something with another certificate, or nobody",
  { timeout: 60_000 },
  async () => {
    const rows = ["Cluster", "Certificate", "Nodes", "Layer apps"].map((name) => ({ name, passed: false }));
    await before(uid("u2"));
    expect((await control()).checks).toMatchObject(rows);
    await server.stop();
    expect(await control()).toMatchObject({ checks: rows, note: expect.stringContaining("does not answer") as string });
    await before(uid("u1"), false);
    expect((await control()).note).toContain("is not the old cluster: there is no trusted connection");
  },
);

test("the certificate of a server is its own, and told only where the kubeconfig has a CA for it", async () => {
  await before(uid("u1"));
  const kubeconfig = server.kubeconfig();
  const one = await serverCertificate(kubeconfig, undefined);
  expect(one).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  const other = await startFakeApiServer(uid("u1"));
  expect(await serverCertificate(other.kubeconfig(), undefined)).not.toBe(one);
  await other.stop();
  expect(await serverCertificate(kubeconfig.replace(/certificate-authority-data: .*/, ""), undefined)).toBeNull();
  await server.stop();
  await expect(serverCertificate(kubeconfig, undefined)).rejects.toThrow("does not answer");
});
