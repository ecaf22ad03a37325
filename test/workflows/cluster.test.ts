import { afterAll, beforeAll, expect, test } from "vitest";
import type { LonghornComponent } from "../../src/plan/longhorn-schema.ts";
import { outline } from "../../src/plan/outline.ts";
import { stepFailure } from "../support/fake-activities.ts";
import { manyVolumes, wholeCluster } from "../support/plans.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";
import { tryWorkflow } from "../support/workflow-rig.ts";

/** The drill of a whole cluster: in which order layers, volumes and the cluster take turns, and what stops it. */

let temporal: TestTemporal;
beforeAll(async () => (temporal = await connectTest()));
afterAll(() => temporal.close());

const input = { plan: "both", by: "anna", reason: "test", scenario: "cluster" };
const twoLayers = wholeCluster({
  infrastructure: ["network", "machines"].map((name) => ({
    name,
    kind: "tofu",
    directory: `/infra/${name}`,
    destroys: ["*"],
  })),
});

test("what ran is what was announced; layers go in reverse, when all data is proven, and are made in their order", async () => {
  await tryWorkflow(temporal, "exercise", { input, plan: twoLayers }, async (trial) => {
    const { type, record } = await trial.end();
    expect(type).toBe("PASS");
    const steps = outline("exercise", "cluster", twoLayers.components, { layers: ["network", "machines"] });
    expect(record.steps.map(({ id, status }) => [id, status])).toEqual(steps.map(({ id }) => [id, "done"]));
    expect(steps.filter(({ destroys }) => destroys).map(({ id }) => id)).toEqual([
      "destroy/layer/machines",
      "destroy/layer/network",
    ]);
    const calls = trial.fakes.calls.filter((id) => /proof\/data|layer\/|restore\/data|gitops|place/.test(id));
    expect(calls).toEqual([
      "preflight/layer/network",
      "preflight/layer/machines",
      "backup/proof/data",
      "destroy/layer/machines",
      "destroy/layer/network",
      "rebuild/layer/network",
      "rebuild/layer/machines",
      "restore/data",
      "rebuild/gitops/homelab",
      "verify/place/data",
    ]);
    // Before each of them the backups are looked at once more.
    for (const id of ["destroy/layer/machines", "destroy/layer/network"])
      expect(trial.fakes.inputs[id]![0], id).toMatchObject({ data: [{ name: "data" }] });
  });
});

test.each(["backup/data", "backup/proof/data", "backup/proof/homelab", "preflight/plan/machines"])(
  "given up at %s: no layer is destroyed",
  async (id) => {
    const behaviours = {
      [id]: () => {
        throw stepFailure("BACKUP_NOT_VERIFIED", "it is not there");
      },
    };
    await tryWorkflow(temporal, "exercise", { input, plan: twoLayers, behaviours }, async (trial) => {
      await trial.until(id, "waiting");
      await trial.decide(id, "abort");
      const { record } = await trial.end();
      expect(record).toMatchObject({ verdict: "FAIL", status: "aborted" });
      expect(trial.fakes.calls.filter((one) => one.startsWith("destroy/"))).toEqual([]);
    });
  },
);

test("a layer that does not go is asked for again; given up after one is gone, the report says what is lost", async () => {
  const behaviours = {
    "destroy/layer/network": (call: number) => {
      if (call <= 2) throw stepFailure("NOT_DESTROYED", "the network is in use");
    },
  };
  await tryWorkflow(temporal, "exercise", { input, plan: twoLayers, behaviours }, async (trial) => {
    await trial.until("destroy/layer/network", "waiting");
    await trial.decide("destroy/layer/network", "retry");
    await trial.until("destroy/layer/network", "waiting");
    await trial.decide("destroy/layer/network", "abort");
    const { record } = await trial.end();
    expect(record).toMatchObject({ verdict: "FAIL", status: "aborted" });
    expect(trial.fakes.calls.filter((one) => one === "destroy/layer/machines")).toHaveLength(1);
    expect(record.summary).toContain("Destroyed and not put back: homelab and data");
  });
});

test("a volume that is not as it was is put into place for nobody who was told that it is proven", async () => {
  const behaviours = {
    "verify/data": () => {
      throw stepFailure("CHECKS_FAILED", "files: 1 altered");
    },
  };
  await tryWorkflow(temporal, "exercise", { input, plan: twoLayers, behaviours }, async (trial) => {
    await trial.until("verify/data", "waiting");
    expect(trial.fakes.calls).not.toContain("rebuild/gitops/homelab");
    await trial.decide("verify/data", "skip");
    const { record } = await trial.end();
    expect(record.verdict).toBe("INCONCLUSIVE");
    expect(trial.fakes.inputs["verify/place/data"]![0]).toMatchObject({ proven: false });
  });
});

const homes = manyVolumes().components[0]!;

test.each(["exercise", "restore"] as const)(
  "%s is not begun where only labels say which volumes are meant",
  async (type) => {
    const plan = { ...twoLayers, components: [twoLayers.components[0]!, homes] };
    await tryWorkflow(temporal, type, { input, plan }, async (trial) => {
      const { type: failure, message } = await trial.end();
      expect(failure).toBe("REQUEST_INVALID");
      expect(message).toContain("homes chooses claims by labels, of which no backup tells");
      expect(trial.fakes.calls).toEqual([]);
    });
  },
);

test("many volumes of one component come back with their cluster", async () => {
  const { selector: _, ...all } = homes as LonghornComponent;
  const plan = { ...twoLayers, components: [twoLayers.components[0]!, all] };
  await tryWorkflow(temporal, "exercise", { input, plan }, async (trial) => {
    const { type, record } = await trial.end();
    expect(type).toBe("PASS");
    expect(record.components.map(({ name }) => name)).toEqual([
      "homelab",
      "homes-data-1",
      "homes-data-2",
      "homes-data-3",
    ]);
    const of = trial.fakes.inputs["destroy/layer/machines"]![0] as { data?: { name: string }[] };
    expect(of.data?.map(({ name }) => name)).toEqual(["homes-data-1", "homes-data-2", "homes-data-3"]);
  });
});
