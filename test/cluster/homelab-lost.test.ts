import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitUntil } from "../../lab/cluster/kubectl.ts";
import { runStack } from "../../lab/stack/stage.ts";
import { runName } from "../../src/report/begin.ts";
import { recheck } from "../../src/report/recheck.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { step } from "../support/drill.ts";
import { createHomelabDrill, type HomelabDrill, homelabComponents, homelabPlan } from "../support/homelab-drill.ts";

/** A whole cluster is lost for real: somebody destroys it by mistake, and nobody knows more of it than Git, the store and the plan. */

let drill: HomelabDrill;
beforeAll(async () => {
  drill = await createHomelabDrill("test-lost");
  await drill.plan(components(), homelabPlan(drill));
  await drill.startWorker();
}, 600_000);
afterAll(() => drill.remove());

/** One volume by its claim, and all of a namespace, which only backups tell of once they are lost. */
function components(): object[] {
  const [homelab, data, pictures] = homelabComponents(drill);
  return [homelab!, data!, { ...pictures, name: "shop", claim: undefined, workload: undefined }];
}

const volumes = ["data", "shop-books-ledger-0", "shop-pictures"];
const inPod = async (namespace: string, workload: string, command: string) =>
  await drill.kubectl("-n", namespace, "exec", workload, "--", "sh", "-c", command);
const uid = async () => await drill.kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}");

async function ended(): Promise<Awaited<ReturnType<Awaited<ReturnType<HomelabDrill["start"]>>["record"]>>> {
  const run = await drill.start("restore", { scenario: "cluster" });
  await run.handle.result().catch(() => undefined);
  return await run.record();
}

test("one that answers is not restored, and nothing is made a second time", async () => {
  const before = await drill.effects();
  const record = await ended();
  expect(record).toMatchObject({ status: "refused", refusals: [{ guard: "nothing-lost" }], leftovers: [] });
  expect(record.refusals[0]!.message).toMatch(/^cluster at https:\S+ may be there: cluster \S+ answers at/);
  expect(await drill.effects()).toEqual(before);
});

test(
  "destroyed by mistake: made again, and its volumes restored before anything uses them",
  { timeout: 900_000 },
  async () => {
    await inPod("dr-exercise", "deployment/dr-exercise", "echo precious > /data/precious");
    const backup = await (await drill.start("backup")).end();
    expect(backup).toMatchObject({ verdict: "PASS", leftovers: [] });
    const before = await uid();
    await runStack(drill.stage, drill.built, "destroy");

    // The run itself is lost as well, when one volume is restored; whoever resumes it restores that one once.
    const first = await drill.start("restore", { scenario: "cluster" });
    await first.until("restore/data", "done");
    await first.handle.terminate("test");
    await first.handle.result().catch(() => "it was closed");
    const { run: terminated, ...story } = await first.record();
    const restored = step(story as RunRecord, "restore/data").note;
    const report = join(drill.directory, "records", runName(terminated), "report.json");
    const closed = async () => (JSON.parse(await readFile(report, "utf8")) as RunRecord).endedAt !== null;
    await waitUntil("the worker has cleaned up after it", 60_000, closed);
    const run = await drill.start("restore", { scenario: "cluster", resume: runName(terminated) });
    await run.handle.result().catch(() => undefined);
    const record = await run.record();
    expect(record, `${record.summary} ${JSON.stringify(record.failure)}`).toMatchObject({
      verdict: "PASS",
      status: "done",
      refusals: [],
      diagnosis: [],
      leftovers: [],
    });
    expect(await uid()).not.toBe(before);
    expect(step(record, "restore/data")).toMatchObject({ carriedOver: true, note: restored });
    expect((await drill.effects()).filter((one) => one === "machine-create ends")).toHaveLength(2);
    expect(record.components.map(({ name }) => name).toSorted()).toEqual([...volumes, "homelab"].toSorted());
    for (const name of volumes) expect(step(record, `restore/${name}`).note, name).toContain(" restored from ");
    expect(await inPod("dr-exercise", "deployment/dr-exercise", "cat /data/precious")).toBe("precious");
    expect(
      await drill.kubectl("-n", "flux-system", "get", "kustomization", "apps", "-o", "jsonpath={.spec.suspend}"),
    ).not.toBe("true");
    expect(step(record, "preflight/homelab").note).toMatch(/^nobody answers: there is no SSM parameter/);
    expect(record.rto.seconds!).toBeGreaterThan(10);
    expect(recheck(record).found).toEqual([]);
  },
);
