import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createLayers, failureOf, type Layers } from "../support/layers.ts";

/** Real Terragrunt with real OpenTofu: one unit, all units below a directory, and a stack. */

let layers: Layers;
let count = 0;
beforeAll(async () => {
  layers = await createLayers();
  await layers.startWorker();
});
afterAll(() => layers.remove());

const backend = (place: string) => `
remote_state {
  backend  = "local"
  generate = { path = "backend.tf", if_exists = "overwrite" }
  config   = { path = "${place}" }
}
`;

/** Code of a unit, and its settings: what it depends on, and a place for its state outside of Terragrunt's cache. */
function unit(directory: string, name: string, dependency = "", folder = name): Record<string, string> {
  const depends = dependency === "" ? "" : `dependency "other" {\n  config_path = "../${dependency}"\n}\n`;
  return {
    [`${folder}/main.tf`]: `${layers.resource(name)}\noutput "id" { value = terraform_data.${name}.id }\n`,
    [`${folder}/terragrunt.hcl`]: depends + backend(join(directory, "states", `${name}.tfstate`)),
  };
}

async function begin(mode: string, files: (directory: string) => Record<string, string>, more: object = {}) {
  const name = `s${(count += 1)}`;
  const directory = await layers.write(name, files(join(layers.directory, "infra", name)));
  const layer = { name: "cluster", kind: "terragrunt", mode, directory, destroys: ["*"], lockTimeout: "1s", ...more };
  const since = (await layers.log()).length;
  return { run: await layers.begin(layer), layer, directory, log: async () => (await layers.log()).slice(since) };
}

const three = (directory: string) => ({
  ...unit(directory, "net"),
  ...unit(directory, "node", "net"),
  ...unit(directory, "dns", "node"),
});

test("one unit is planned, destroyed and built again", async () => {
  const { run, layer, directory, log } = await begin("unit", (at) => unit(at, "net", "", "."));
  await (await layers.begin(layer)).apply();
  const [inspection, planned] = await run.prepare();
  expect(inspection.note).toContain(`backend local ${join(directory, "states", "net.tfstate")}`);
  expect(planned.destroys.names).toEqual(["terraform_data.net"]);
  expect(await run.destroy(inspection, planned)).toMatchObject({ destroyed: 1 });
  expect(await run.apply(planned)).toMatchObject({ resources: 1, missing: { names: [] } });
  expect(await log()).toEqual(["create net", "destroy net", "create net"]);
});

test("all units: built by `run --all` in their order, destroyed in reverse, each address with its unit", async () => {
  const { run, layer, log } = await begin("all", three, { destroys: ["net:*", "node:terraform_data.node", "dns:*"] });
  await (await layers.begin(layer)).apply();
  const [inspection, planned] = await run.prepare();
  expect(inspection.states.map(({ unit: path, resources }) => [path, resources])).toEqual([
    ["net", 1],
    ["node", 1],
    ["dns", 1],
  ]);
  expect(planned.destroys.names).toEqual([
    "net:terraform_data.net",
    "node:terraform_data.node",
    "dns:terraform_data.dns",
  ]);
  expect(planned.facts.infrastructure!.unexpected.names).toEqual([]);
  expect(await run.destroy(inspection, planned)).toMatchObject({ destroyed: 3 });
  expect((await log()).slice(3)).toEqual(["destroy dns", "destroy node", "destroy net"]);
  expect(await run.apply(planned)).toMatchObject({ resources: 3, missing: { names: [] } });
  expect((await log()).slice(6)).toEqual(["create net", "create node", "create dns"]);
});

test("a unit that fails is named, what depends on it is not touched, and a retry does the rest once", async () => {
  const { run, log } = await begin("all", three);
  await run.apply();
  const [inspection, planned] = await run.prepare();
  await layers.touch("fail-node");
  const failure = await failureOf(run.destroy(inspection, planned));
  expect(failure.type).toBe("NOT_DESTROYED");
  expect(failure.message).toMatch(/^the destruction of node:cluster failed: terraform_data\.node: local-exec/);
  expect(failure.message).toMatch(/1 of 1 resources are left: terraform_data\.node$/);
  await layers.forget("fail-node");
  run.ref.tryNo = 1;
  await run.destroy(inspection, planned);
  expect((await log()).slice(3)).toEqual(["destroy dns", "destroy node", "destroy net"]);
});

test("a unit that does not build is named by Terragrunt's report", async () => {
  const { run, directory, log } = await begin("all", three);
  const broken = `
resource "terraform_data" "x" {
  lifecycle {
    precondition {
      condition     = terraform_data.node.id == ""
      error_message = "the quota of nodes is exceeded"
    }
  }
}
`;
  await writeFile(join(directory, "node", "broken.tf"), broken);
  const failure = await failureOf(run.apply());
  expect(failure).toMatchObject({
    type: "NOT_BUILT",
    hint: expect.stringContaining("A limit of the provider") as string,
  });
  expect(failure.message).toMatch(/^the apply of cluster failed: terraform_data\.x: Resource precondition failed: /);
  expect(failure.message).toMatch(/of its units node: failed.*dns: early exit/);
  await rm(join(directory, "node", "broken.tf"));
  run.ref.tryNo = 1;
  expect(await run.apply()).toMatchObject({ resources: 3 });
  expect((await log()).toSorted()).toEqual(["create dns", "create net", "create node"]);
});

test("a stack is generated, built and destroyed", async () => {
  const { layer, directory, log } = await begin("stack", (at) => ({
    ...unit(at, "net", "", "catalog/net"),
    ...unit(at, "node", "net", "catalog/node"),
    "live/terragrunt.stack.hcl": ["net", "node"]
      .map((name) => `unit "${name}" {\n  source = "../catalog/${name}"\n  path   = "${name}"\n}\n`)
      .join("\n"),
  }));
  const live = { ...layer, directory: join(directory, "live") };
  await (await layers.begin(live)).apply();
  const next = await layers.begin(live);
  const [inspection, planned] = await next.prepare();
  expect(planned.destroys.names).toEqual([
    ".terragrunt-stack/net:terraform_data.net",
    ".terragrunt-stack/node:terraform_data.node",
  ]);
  expect(await next.destroy(inspection, planned)).toMatchObject({ destroyed: 2 });
  expect(await next.apply(planned)).toMatchObject({ resources: 2, missing: { names: [] } });
  expect(await log()).toEqual([
    "create net",
    "create node",
    "destroy node",
    "destroy net",
    "create net",
    "create node",
  ]);
});

test(
  "a worker that is killed while all units are destroyed: the rest is destroyed once",
  { timeout: 600_000 },
  async () => {
    const { run, log } = await begin("all", three);
    await run.apply();
    const [inspection, planned] = await run.prepare();
    await layers.forget("at-node");
    await layers.touch("hold-node");
    const destroying = await run.start("destroy", { inspection, planned });
    await layers.until("at-node");
    await layers.killWorker();
    await layers.forget("hold-node");
    await layers.startWorker();
    expect(await destroying.result()).toMatchObject({ value: { destroyed: 3 } });
    expect((await log()).slice(3)).toEqual(["destroy dns", "destroy node", "destroy net"]);
    expect(await readFile(join(run.layer.directory, "states", "net.tfstate"), "utf8")).toContain('"resources": []');
  },
);
