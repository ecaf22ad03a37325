import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { confirmCluster } from "../../../src/activities/cluster/confirm.ts";
import { findKnown } from "../../../src/activities/cluster/memory.ts";
import { recallCluster } from "../../../src/activities/cluster/recall.ts";
import type { StepContext } from "../../../src/activities/step.ts";
import { type Answering, type FakeApiServer, startFakeApiServer } from "../../support/fake-api-server.ts";

/** Whether a cluster is lost at all: only where nobody answers it is made again. */

const startedAt = "2026-01-01T10:00:00.500Z";
let directory: string;
let server: FakeApiServer | undefined;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), "firedrill-recall-"))));
afterEach(async () => {
  await server?.stop();
  server = undefined;
  await rm(directory, { recursive: true });
});

const kubeconfig = () => join(directory, "kubeconfig");
const access = () => ({ kubeconfig: { file: kubeconfig() } });
const context = () =>
  ({
    directory,
    signal: new AbortController().signal,
    progress: () => undefined,
    run: { type: "restore", scenario: "cluster", startedAt },
  }) as unknown as StepContext;
const checks = [
  { kind: "http", url: "http://127.0.0.1:1/", status: 200, within: 1_000 },
  { kind: "ingress", namespace: "shop", name: "shop", dns: false, within: 1_000 },
];
const input = () => ({ component: { name: "homelab", kind: "cluster" }, access: access(), checks, saved: [] }) as never;

const says =
  (status: number, body: object): Answering =>
  (_, response) =>
    void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
const kubeSystem = (uid: string, creationTimestamp: string) =>
  says(200, { metadata: { name: "kube-system", uid, creationTimestamp } });

async function answering(how: Answering): Promise<void> {
  server = await startFakeApiServer(how);
  await writeFile(kubeconfig(), server.kubeconfig());
}

const alive = () => kubeSystem("u1", "2025-01-01T00:00:00Z");

test.each<[string, Answering, RegExp]>([
  ["a cluster that tells who it is", alive(), /^cluster u1 answers at /],
  ["one that does not know our credentials", says(401, {}), /does not accept the kubeconfig's credentials/],
  ["one that lacks a right for us", says(403, { message: 'User "x" cannot get resource' }), /cannot get resource/],
  ["one that is busy", says(503, { message: "etcd is away" }), /cannot do it now \(503\)/],
  ["something without a kube-system", says(404, {}), /./],
])("it is there: %s", { timeout: 30_000 }, async (_, how, words) => {
  await answering(how);
  const { facts, unknown } = await recallCluster(input(), context());
  expect(facts).toMatchObject({ lost: false, there: expect.stringMatching(words) as string });
  expect(unknown).toBeNull();
});

test("it is lost where nobody answers; what compares with before is not asked", { timeout: 30_000 }, async () => {
  await answering(alive());
  await server!.stop();
  server = undefined;
  const { facts, unknown, note } = await recallCluster(input(), context());
  expect([facts.lost, facts.there, unknown]).toEqual([true, undefined, null]);
  expect(note).toMatch(/^nobody answers: .*; not asked, as nothing is known to compare with: Ingress shop\/shop$/);
  expect((await findKnown(context()))!.checks.map(({ name }) => name)).toEqual(["HTTP http://127.0.0.1:1/"]);
});

test("where its kubeconfig is gone as well nobody can tell", async () => {
  const { facts, unknown } = await recallCluster(input(), context());
  expect(facts.lost).toBe(true);
  expect(unknown).toMatch(/cannot read the kubeconfig .* \(ENOENT\)/);
});

test.each<[string, Answering, string]>([
  ["the cluster that this run has made", kubeSystem("u2", "2026-01-01T10:00:00Z"), "placed"],
  ["one that was there before", kubeSystem("u1", "2026-01-01T09:59:59Z"), "there"],
  ["somebody who does not know us", says(401, {}), "there"],
])("a restore that is resumed finds %s", { timeout: 30_000 }, async (_, how, target) => {
  await recallCluster(input(), context());
  await answering(how);
  const expected = { lost: false, placing: false, backup: null };
  expect((await confirmCluster({ ...(input() as object), ...expected } as never, context())).target).toBe(target);
});

test("a restore that is resumed finds nobody", async () => {
  await recallCluster(input(), context());
  const expected = { lost: false, placing: false, backup: null };
  expect((await confirmCluster({ ...(input() as object), ...expected } as never, context())).target).toBe("gone");
});
