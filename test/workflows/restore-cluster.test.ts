import { afterAll, beforeAll, expect, test } from "vitest";
import { outline } from "../../src/plan/outline.ts";
import { facts, stepFailure } from "../support/fake-activities.ts";
import { wholeCluster } from "../support/plans.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";
import { tryWorkflow } from "../support/workflow-rig.ts";

/** A whole cluster that was lost for real: in which order it comes back, and what keeps it from being made twice. */

let temporal: TestTemporal;
beforeAll(async () => (temporal = await connectTest()));
afterAll(() => temporal.close());

const input = { plan: "both", by: "anna", reason: "test", scenario: "cluster" };
const layers = ["network", "machines"];
const volume = { name: "data", kind: "longhorn", namespace: "shop", claim: "data" };
const homes = { name: "homes", kind: "longhorn", namespace: "homes" };
const plan = (...volumes: object[]) =>
  wholeCluster({
    infrastructure: layers.map((name) => ({ name, kind: "tofu", directory: `/infra/${name}`, destroys: ["*"] })),
    components: [{ name: "homelab", kind: "cluster" }, ...volumes],
  });
/** @param unknown why nobody can tell how it was reached */
const recalled = (lost: boolean, unknown: string | null = null) => ({
  "preflight/homelab": () => ({
    target: "homelab",
    note: "",
    unknown,
    facts: facts({ name: "homelab", kind: "cluster" }, { exists: false, lost, ...(!lost && { there: "it answers" }) }),
  }),
});

test("layer by layer, then its volumes, then who uses them; nothing is destroyed", async () => {
  const behaviours = recalled(true);
  await tryWorkflow(temporal, "restore", { input, plan: plan(volume), behaviours }, async (trial) => {
    const { type, record } = await trial.end();
    expect(type).toBe("PASS");
    const steps = outline("restore", "cluster", plan(volume).components, { layers });
    expect(record.steps.map(({ id, status }) => [id, status])).toEqual(steps.map(({ id }) => [id, "done"]));
    expect(steps.map(({ id }) => id)).toEqual([
      "preflight/homelab",
      "preflight/layer/network",
      "preflight/layer/machines",
      "preflight/guards",
      "rebuild/layer/network",
      "rebuild/layer/machines",
      "rebuild/homelab",
      "restore/data",
      "rebuild/gitops/homelab",
      "verify/data",
      "verify/place/data",
      "verify/homelab",
      "report/cleanup",
      "report/files",
    ]);
    expect(steps.some(({ destroys }) => destroys)).toBe(false);
    expect(trial.fakes.inputs["rebuild/layer/machines"]).toMatchObject([{ planned: null, cluster: {} }]);
    expect(trial.fakes.inputs["restore/data"]).toMatchObject([{ backup: null, toTime: null }]);
  });
});

test("volumes that only backups know are found once the new cluster answers, and each is restored", async () => {
  const behaviours = recalled(true);
  await tryWorkflow(temporal, "restore", { input, plan: plan(homes), behaviours }, async (trial) => {
    const { type, record } = await trial.end();
    expect(type).toBe("PASS");
    const ids = record.steps.map(({ id }) => id);
    const at = (id: string) => ids.indexOf(id);
    expect(at("rebuild/homelab")).toBeLessThan(at("preflight/list/homes"));
    expect(ids.filter((id) => id.startsWith("restore/homes-"))).toHaveLength(3);
    expect(at("preflight/list/homes")).toBeLessThan(ids.findIndex((id) => id.startsWith("restore/")));
    expect(record.components.map(({ verdict }) => verdict)).toEqual(["PASS", "PASS", "PASS", "PASS"]);
    // Only the workloads, which wait for GitOps, know how a volume is read.
    const { calls } = trial.fakes;
    expect(calls.findIndex((id) => id.startsWith("verify/homes-"))).toBeGreaterThan(
      calls.indexOf("rebuild/gitops/homelab"),
    );
  });
});

test("one that answers is not made a second time", async () => {
  const behaviours = recalled(false);
  await tryWorkflow(temporal, "restore", { input, plan: plan(volume), behaviours }, async (trial) => {
    const { record } = await trial.end();
    expect(record).toMatchObject({ status: "refused", refusals: [{ guard: "nothing-lost", component: "homelab" }] });
    expect(trial.fakes.calls.filter((id) => id.startsWith("rebuild/"))).toEqual([]);
  });
});

test("where nobody can tell whether it is there, and its layers say that they are, it is refused", async () => {
  const behaviours = recalled(true, "the kubeconfig cannot be read");
  await tryWorkflow(temporal, "restore", { input, plan: plan(volume), behaviours }, async (trial) => {
    const { record } = await trial.end();
    expect(record.refusals).toMatchObject([{ guard: "nothing-lost", component: "homelab" }]);
    expect(record.refusals[0]!.message).toMatch(
      /may be there: the kubeconfig cannot be read, and layer machines still has/,
    );
    expect(trial.fakes.calls.filter((id) => id.startsWith("rebuild/"))).toEqual([]);
  });
});

test("it is not restored without one of its volumes", async () => {
  const some = { ...input, components: ["homelab"] };
  await tryWorkflow(
    temporal,
    "restore",
    { input: some, plan: plan(volume), behaviours: recalled(true) },
    async (trial) => {
      const error = await trial.end().catch((failure: unknown) => failure);
      expect(JSON.stringify(error)).toContain(
        "a whole cluster is restored with all of its volumes, and not without data",
      );
      expect(trial.fakes.calls).toEqual([]);
    },
  );
});

test("a layer that is not made is asked for again, and no volume before it", async () => {
  const behaviours = {
    ...recalled(true),
    "rebuild/layer/machines": (call: number) => {
      if (call === 1) throw stepFailure("NOT_BUILT", "no capacity");
    },
  };
  await tryWorkflow(temporal, "restore", { input, plan: plan(volume), behaviours }, async (trial) => {
    await trial.until("rebuild/layer/machines", "waiting");
    expect(trial.fakes.calls).not.toContain("restore/data");
    await trial.decide("rebuild/layer/machines", "retry");
    expect((await trial.end()).type).toBe("PASS");
  });
});

test("a plan that is mended meanwhile counts from then on: for the layer that failed, and for the cluster that comes after", async () => {
  const behaviours = {
    ...recalled(true),
    "rebuild/layer/machines": (call: number) => {
      if (call === 1) throw stepFailure("AUTHENTICATION_FAILED", "the token has expired");
    },
  };
  const before = plan(volume);
  await tryWorkflow(temporal, "restore", { input, plan: before, behaviours }, async (trial) => {
    await trial.until("rebuild/layer/machines", "waiting");
    const [network, machines] = before.infrastructure!;
    const environment = { TOKEN: { env: "NEW_TOKEN" } };
    const infrastructure = [network!, { ...machines!, environment, timeout: 1_000 }];
    trial.fakes.file = {
      plan: { ...before, infrastructure, access: { kubeconfig: { file: "/etc/other" } } },
      sha256: "cd",
    };
    await trial.decide("rebuild/layer/machines", "retry", { reload: true });
    const { record } = await trial.end();
    const step = record.steps.find(({ id }) => id === "rebuild/layer/machines")!;
    expect(step.decisions[0]!.reloaded!.changed.toSorted()).toEqual([
      "access.kubeconfig.file",
      "infrastructure.1.environment.TOKEN",
      "infrastructure.1.timeout",
    ]);
    expect(trial.fakes.inputs["rebuild/layer/machines"]![1]).toMatchObject({
      layer: { name: "machines", environment, timeout: 1_000 },
      cluster: { access: { kubeconfig: { file: "/etc/other" } } },
    });
    expect(trial.fakes.inputs["rebuild/homelab"]).toMatchObject([{ access: { kubeconfig: { file: "/etc/other" } } }]);
  });
});

test("another directory of a layer is another target", async () => {
  const behaviours = {
    ...recalled(true),
    "rebuild/layer/network": (call: number) => {
      if (call === 1) throw stepFailure("NOT_BUILT", "no capacity");
    },
  };
  const before = plan(volume);
  await tryWorkflow(temporal, "restore", { input, plan: before, behaviours }, async (trial) => {
    await trial.until("rebuild/layer/network", "waiting");
    const [network, machines] = before.infrastructure!;
    const other = { ...network!, directory: "/infra/other" };
    trial.fakes.file = { plan: { ...before, infrastructure: [other, machines!] }, sha256: "cd" };
    const refused = await trial.decide("rebuild/layer/network", "retry", { reload: true }).then(
      () => "it was taken",
      (error: unknown) => (error as { cause?: Error }).cause?.message,
    );
    expect(refused).toContain("infrastructure.0.directory");
    await trial.decide("rebuild/layer/network", "retry");
    expect((await trial.end()).type).toBe("PASS");
  });
});
