import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createLayers, failureOf, type Layers } from "../support/layers.ts";

/** Real OpenTofu, whose resources are lines in a log, driven by a real worker. */

let layers: Layers;
let count = 0;
beforeAll(async () => {
  layers = await createLayers();
  await layers.startWorker();
});
afterAll(async () => {
  await layers.remove();
});
afterEach(() => layers.ensureWorker());

const three = () =>
  [
    layers.resource("net"),
    layers.resource("node", "depends_on = [terraform_data.net]"),
    layers.resource("dns", "depends_on = [terraform_data.node]"),
  ].join("\n");

/** A directory of its own, and a run whose plan has it. */
async function begin(code: string, more: object = {}) {
  const directory = await layers.write(`s${(count += 1)}`, { "main.tf": code });
  const layer = {
    name: "cluster",
    kind: "tofu",
    directory,
    destroys: ["terraform_data.*"],
    lockTimeout: "1s",
    ...more,
  };
  const run = await layers.begin(layer);
  const since = (await layers.log()).length;
  return { run, layer, directory, log: async () => (await layers.log()).slice(since) };
}

const sorted = (lines: string[]) => lines.toSorted();

test("a layer is looked at, planned, destroyed as shown, and built again", async () => {
  const { run, layer, directory, log } = await begin(three());
  const first = await layers.begin(layer);
  expect(await first.apply()).toMatchObject({ resources: 3, missing: { names: [] }, note: "3 resources" });
  const [inspection, planned] = await run.prepare();
  expect(inspection.facts).toMatchObject({ exists: true, listed: true, identity: inspection.states[0]!.lineage });
  expect(inspection.note).toMatch(/^3 resources; state [0-9a-f-]{36}, serial \d+, workspace default, backend local$/);
  expect(planned).toMatchObject({ count: 3, kept: { names: [], more: 0 } });
  expect(planned.destroys.names).toContain("terraform_data.node");
  const loss = await run.destroy(inspection, planned);
  expect(loss).toMatchObject({ destroyed: 3, note: "3 resources destroyed; every state is empty" });
  expect((await log()).slice(3)).toEqual(["destroy dns", "destroy node", "destroy net"]);
  const again = await run.destroy(inspection, planned);
  expect(again).toMatchObject({
    lostAt: loss.lostAt,
    note: expect.stringContaining("as this run had left it") as string,
  });
  const built = await run.apply(planned);
  expect(built.note).toBe("3 resources (3 before)");
  expect(await log()).toHaveLength(9);
  expect(JSON.stringify([inspection, planned, loss, built]).length).toBeLessThan(6_000);
  await expect(readFile(join(directory, ".terraform", "environment"), "utf8")).rejects.toThrow("ENOENT");
});

test("what `destroys:` does not name is refused, and nothing is touched", async () => {
  const { run, log } = await begin(three(), {
    destroys: ["terraform_data.net", { addresses: "terraform_data.*", atMost: 1 }],
  });
  await run.apply();
  const [inspection, planned] = await run.prepare();
  const { unexpected } = planned.facts.infrastructure!;
  expect(unexpected.names).toEqual([
    expect.stringMatching(/^terraform_data\.\w+ \(more than 1 of terraform_data\.\*\)$/),
  ]);
  const failure = await failureOf(run.destroy(inspection, planned));
  expect(failure).toMatchObject({ type: "REFUSED", hint: expect.stringContaining("`destroys:`") as string });
  expect(failure.message).toContain("would destroy what the plan does not name");
  expect(await log()).toHaveLength(3);
});

test("prevent_destroy is named by its address", async () => {
  const { run, log } = await begin(layers.resource("net", "lifecycle { prevent_destroy = true }"));
  await run.apply();
  const [inspection, planned] = await run.prepare();
  expect(planned.facts.infrastructure!.protected.names).toEqual(["terraform_data.net"]);
  const failure = await failureOf(run.destroy(inspection, planned));
  expect(failure.message).toContain("has resources with prevent_destroy: terraform_data.net");
  expect(await log()).toEqual(["create net"]);
});

test("a directory that is not listed, and a state of nothing, are refused", async () => {
  const { run } = await begin(layers.resource("net"), { workspace: "other" });
  const [inspection, planned] = await run.prepare();
  expect(inspection.facts).toMatchObject({ listed: false, exists: false, infrastructure: { resources: 0 } });
  expect(inspection.facts.listLine).toMatch(/^- \{ infrastructure: ".+", workspace: "other" \}$/);
  expect(await failureOf(run.destroy(inspection, planned))).toMatchObject({ type: "TARGET_GONE" });
  await run.apply();
  const [there, shown] = await run.prepare();
  expect(await failureOf(run.destroy(there, shown))).toMatchObject({
    type: "REFUSED",
    message: expect.stringContaining("does not list infrastructure cluster (tofu in") as string,
  });
});

test("a state that somebody has changed since it was shown is not destroyed, nor is another one in its place", async () => {
  const { run, directory, log } = await begin(three());
  await run.apply();
  const [inspection, planned] = await run.prepare();
  const path = join(directory, "terraform.tfstate");
  const state = await readFile(path, "utf8");
  const edit = (change: object) => writeFile(path, JSON.stringify({ ...(JSON.parse(state) as object), ...change }));
  await edit({ serial: 77 });
  expect(await failureOf(run.destroy(inspection, planned))).toMatchObject({
    type: "STATE_CHANGED",
    message: expect.stringContaining("serial 77, not ") as string,
  });
  await edit({ lineage: "77777777-0000-0000-0000-000000000000" });
  expect(await failureOf(run.destroy(inspection, planned))).toMatchObject({ type: "IDENTITY_CHANGED" });
  await writeFile(path, state);
  await run.destroy(inspection, planned);
  expect(await log()).toHaveLength(6);
});

test("a destruction that stops half-way is told with its address and what is left; a retry destroys the rest", async () => {
  const { run, log } = await begin(three());
  await run.apply();
  const [inspection, planned] = await run.prepare();
  await layers.touch("fail-node");
  const failure = await failureOf(run.destroy(inspection, planned));
  expect(failure.type).toBe("NOT_DESTROYED");
  expect(failure.message).toMatch(
    /^the destruction of cluster failed: terraform_data\.node: local-exec provisioner error: .*it broke; 2 of 3 resources are left: terraform_data\.net, terraform_data\.node$/,
  );
  await layers.forget("fail-node");
  run.ref.tryNo = 1;
  expect(await run.destroy(inspection, planned)).toMatchObject({ destroyed: 3 });
  expect((await log()).slice(3)).toEqual(["destroy dns", "destroy node", "destroy net"]);
});

test("the rest may not hold what was not shown", async () => {
  const { run, directory, log } = await begin(three());
  await run.apply();
  const [inspection, planned] = await run.prepare();
  await layers.touch("fail-node");
  await failureOf(run.destroy(inspection, planned));
  await layers.forget("fail-node");
  const path = join(directory, "terraform.tfstate");
  const state = JSON.parse(await readFile(path, "utf8")) as { serial: number; resources: { name: string }[] };
  const added = { ...state.resources[0], name: "database" };
  await writeFile(path, JSON.stringify({ ...state, serial: state.serial + 1, resources: [...state.resources, added] }));
  run.ref.tryNo = 1;
  const failure = await failureOf(run.destroy(inspection, planned));
  expect(failure).toMatchObject({
    type: "NOT_DESTROYED",
    message: expect.stringContaining("was shown: terraform_data.database") as string,
  });
  expect((await log()).filter((line) => line.startsWith("destroy"))).toEqual(["destroy dns"]);
});

test("a state that somebody changes at the last moment is left alone", async () => {
  const { run, directory, log } = await begin(layers.resource("net"), { kind: "terraform" });
  const late = `#!/bin/sh
for word; do if [ "$word" = apply ] && [ -e ${layers.directory}/late ]; then
  rm ${layers.directory}/late
  sed -i 's/"serial": *[0-9]*/"serial": 99/' ${directory}/terraform.tfstate
fi; done
exec tofu "$@"
`;
  await writeFile(join(layers.directory, "bin", "terraform"), late, { mode: 0o755 });
  await run.apply();
  const [inspection, planned] = await run.prepare();
  await layers.touch("late");
  expect(await failureOf(run.destroy(inspection, planned))).toMatchObject({
    type: "STATE_CHANGED",
    message: expect.stringContaining("was changed by somebody else right before") as string,
  });
  run.ref.tryNo = 1;
  expect(await failureOf(run.destroy(inspection, planned))).toMatchObject({ type: "STATE_CHANGED" });
  expect(await log()).toEqual(["create net"]);
});

test("a program that says it has destroyed, or built, and has done nothing is not believed", async () => {
  const { run, log } = await begin(layers.resource("net"), { kind: "terraform" });
  const lying = `#!/bin/sh
for word; do if [ "$word" = apply ] && [ -e ${layers.directory}/lie ]; then exit 0; fi; done
exec tofu "$@"
`;
  await writeFile(join(layers.directory, "bin", "terraform"), lying, { mode: 0o755 });
  await layers.touch("lie");
  const built = await failureOf(run.apply());
  expect(built).toMatchObject({ type: "NOT_BUILT", message: expect.stringContaining("has no resources") as string });
  await layers.forget("lie");
  run.ref.tryNo = 1;
  await run.apply();
  const [inspection, planned] = await run.prepare();
  await layers.touch("lie");
  const failure = await failureOf(run.destroy(inspection, planned));
  expect(failure).toMatchObject({
    type: "NOT_DESTROYED",
    message: expect.stringContaining("is not empty: terraform_data.net are left") as string,
  });
  await layers.forget("lie");
  expect(await log()).toEqual(["create net"]);
});

test(
  "a worker that is killed while it destroys and while it builds: the program is adopted, and all happens once",
  { timeout: 600_000 },
  async () => {
    const { run, log } = await begin(three());
    await layers.touch("hold-node");
    const applying = await run.start("apply", { planned: null });
    await layers.until("at-node");
    await layers.killWorker();
    await layers.startWorker();
    await layers.forget("hold-node");
    expect(await applying.result()).toMatchObject({
      value: { resources: 3 },
      attempts: [{ outcome: "died" }, { outcome: "ran" }],
    });
    const [inspection, planned] = await run.prepare();
    await layers.forget("at-node");
    await layers.touch("hold-node");
    const destroying = await run.start("destroy", { inspection, planned });
    await layers.until("at-node");
    await layers.killWorker();
    await layers.forget("hold-node");
    await layers.startWorker();
    expect(await destroying.result()).toMatchObject({
      value: { destroyed: 3 },
      attempts: [{ outcome: "died" }, { outcome: "ran" }],
    });
    expect(sorted(await log())).toEqual([
      "create dns",
      "create net",
      "create node",
      "destroy dns",
      "destroy net",
      "destroy node",
    ]);
  },
);

test("how far it is stands in the heartbeat", async () => {
  const { run } = await begin(three());
  await layers.touch("hold-node");
  const applying = await run.start("apply", { planned: null });
  const told = async () => {
    const { raw } = await applying.describe();
    const payload = raw.pendingActivities?.[0]?.heartbeatDetails?.payloads?.[0]?.data;
    return payload ? Buffer.from(payload).toString("utf8") : "";
  };
  await expect.poll(told, { timeout: 60_000 }).toContain("built 1 of 3 resources, now terraform_data.node");
  await layers.forget("hold-node");
  await applying.result();
});
