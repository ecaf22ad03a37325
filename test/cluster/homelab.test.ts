import { afterAll, beforeAll, expect, test } from "vitest";
import { recheck } from "../../src/report/recheck.ts";
import { step } from "../support/drill.ts";
import { createHomelabDrill, type HomelabDrill, homelabComponents, homelabPlan } from "../support/homelab-drill.ts";

/** A whole cluster is destroyed and comes back: everything is real but Longhorn's engine and the provider of machines. */

let drill: HomelabDrill;
beforeAll(async () => {
  drill = await createHomelabDrill("z-homelab");
  await drill.plan(homelabComponents(drill), homelabPlan(drill));
  await drill.startWorker();
}, 600_000);
afterAll(() => drill.remove());

const uid = async () => await drill.kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}");

test("destroyed and made anew, with its volume restored before anything uses it", { timeout: 900_000 }, async () => {
  const before = await uid();
  const run = await drill.start("exercise", { scenario: "cluster" });
  const record = await run.end();
  expect(record).toMatchObject({ verdict: "PASS", refusals: [], diagnosis: [], leftovers: [] });
  expect(await uid()).not.toBe(before);
  const [homelab, data] = record.components;
  for (const { name, negativeControl } of [...homelab!.checks, ...data!.checks].filter((one) => one.name !== "place"))
    expect({ name, passed: negativeControl?.passed ?? false }).toEqual({ name, passed: false });
  expect(homelab!.rto.seconds!).toBeGreaterThan(10);
  expect(data!.checks.find(({ name }) => name === "sentinel")).toMatchObject({ passed: true, proven: true });
  expect(step(record, "destroy/layer/machines").note).toMatch(/destroyed/);
  expect(recheck(record).found).toEqual([]);
});
