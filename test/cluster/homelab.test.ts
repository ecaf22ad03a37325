import { afterAll, beforeAll, expect, test } from "vitest";
import { recheck } from "../../src/report/recheck.ts";
import { step } from "../support/drill.ts";
import { type FrontDoor, openFrontDoor } from "../support/front-door.ts";
import { createHomelabDrill, type HomelabDrill, homelabComponents, homelabPlan } from "../support/homelab-drill.ts";

/** A whole cluster is destroyed and comes back: everything is real but Longhorn's engine and the provider of machines. */

let drill: HomelabDrill;
let door: FrontDoor;
beforeAll(async () => {
  drill = await createHomelabDrill("test-homelab");
  door = await openFrontDoor("test-homelab", 30_080);
  const { checks, ...plan } = homelabPlan(drill) as { checks: object[] };
  const outside = { kind: "http", url: `${door.url}originals/2026/11/large` };
  await drill.plan(homelabComponents(drill), { ...plan, checks: [...checks, outside] });
  await drill.startWorker();
}, 600_000);
afterAll(async () => {
  await door.close();
  await drill.remove();
});

const uid = async () => await drill.kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}");

test(
  "destroyed and made anew, with its three volumes restored before anything uses them",
  { timeout: 900_000 },
  async () => {
    const before = await uid();
    const run = await drill.start("exercise", { scenario: "cluster" });
    const record = await run.end();
    expect(record).toMatchObject({ verdict: "PASS", refusals: [], diagnosis: [], leftovers: [] });
    expect(await uid()).not.toBe(before);
    const [homelab, ...volumes] = record.components;
    expect(volumes.map(({ name }) => name)).toEqual(["data", "pictures", "ledger"]);
    const checks = record.components.flatMap((one) => one.checks);
    expect(checks.filter(({ proven, passed }) => !proven || !passed)).toEqual([]);
    for (const { name, negativeControl } of checks.filter((one) => one.name !== "place"))
      expect({ name, passed: negativeControl?.passed ?? false }).toEqual({ name, passed: false });
    expect(homelab!.rto.seconds!).toBeGreaterThan(10);
    // From outside it was away for as long as the cluster was, and not longer than all of the recovery took.
    expect(homelab!.downtimeSeconds!).toBeGreaterThan(10);
    expect(homelab!.downtimeSeconds!).toBeLessThan(homelab!.rto.seconds! + 5);
    expect(record.summary).toMatch(/ Expected downtime: \d+ s\.$/);
    for (const { name, checks: own } of volumes)
      expect(own, name).toContainEqual(expect.objectContaining({ name: "sentinel", passed: true, proven: true }));
    // Volumes that had changed places would be told apart.
    const sentinels = checks.filter(({ name }) => name === "sentinel").map(({ expected }) => expected);
    expect(new Set(sentinels).size).toBe(3);
    expect(step(record, "destroy/layer/machines").note).toMatch(/destroyed/);
    expect(recheck(record).found).toEqual([]);
    expect(await drill.sentinels()).toEqual([]);
  },
);
