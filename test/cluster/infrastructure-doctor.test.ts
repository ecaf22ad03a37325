import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askDoctor } from "../support/doctor.ts";
import { createLayers, type Layers } from "../support/layers.ts";

/** `firedrill doctor` looks at layers of infrastructure with real OpenTofu and Terragrunt; no worker runs. */

let layers: Layers;
beforeAll(async () => {
  layers = await createLayers();
});
afterAll(() => layers.remove());

const state = (place: string) => `
remote_state {
  backend  = "local"
  generate = { path = "backend.tf", if_exists = "overwrite" }
  config   = { path = "${place}" }
}
`;

/** Two units of Terragrunt, which have nothing applied. */
async function units(name: string): Promise<string> {
  const unit = (one: string) => ({
    [`${one}/main.tf`]: layers.resource(one),
    [`${one}/terragrunt.hcl`]: state(join(layers.directory, "states", name, `${one}.tfstate`)),
  });
  return await layers.write(name, { ...unit("net"), ...unit("node") });
}

/** What doctor says of a plan with this layer, and with a database that does not answer. */
async function ask(layer: object, env: Record<string, string> = {}) {
  const component = { name: "none", kind: "pgdump", database: "none", dumps: "/tmp", connection: { port: 1 } };
  await layers.plan(component, { infrastructure: [layer] });
  const { findings, stdout } = await askDoctor(layers, { env: { ...layers.environment, ...env } });
  const of = (group: string, ...names: string[]) =>
    findings.find((one) => one.group === group && names.includes(one.name));
  return { programs: of("programs", "machines"), layer: of("plan", "layer machines"), findings, stdout };
}

const terragrunt = { name: "machines", kind: "terragrunt", mode: "all", destroys: ["*"] };

test("programs with their versions, and the states; nothing is applied by it", async () => {
  const directory = await units("s1");
  const seen = await ask({ ...terragrunt, directory });
  expect(seen.programs).toMatchObject({ status: "ok" });
  expect(seen.programs!.message).toMatch(/^terragrunt v1\.\d+\.\d+, OpenTofu v1\.\d+\.\d+$/);
  expect(seen.layer).toMatchObject({ status: "ok", message: expect.stringContaining("0 resources in 2 states") });
  expect(await layers.log()).toEqual([]);
});

test("a directory that is not there, and a state that cannot be read", async () => {
  const away = await ask({ ...terragrunt, directory: join(layers.directory, "infra", "nowhere") });
  expect(away.layer).toMatchObject({ status: "failed", message: expect.stringContaining("there is no directory") });
  const directory = await units("s2");
  await mkdir(join(layers.directory, "states", "s2"), { recursive: true });
  await writeFile(join(layers.directory, "states", "s2", "node.tfstate"), "no state");
  const broken = await ask({ ...terragrunt, directory });
  expect(broken.layer).toMatchObject({ status: "failed", type: "PROGRAM_FAILED" });
  expect(broken.layer!.message).toContain(join(directory, "node"));
});

test("Terragrunt that is missing, and one that has neither OpenTofu nor Terraform to call", async () => {
  const directory = await units("s3");
  const bin = join(layers.directory, "bin");
  const without = await ask({ ...terragrunt, directory }, { PATH: "/usr/bin:/bin" });
  expect(without.programs).toMatchObject({ status: "failed", type: "PROGRAM_MISSING" });
  await writeFile(join(bin, "terragrunt"), "#!/bin/sh\necho terragrunt version v1.1.3\n");
  await chmod(join(bin, "terragrunt"), 0o755);
  const alone = await ask({ ...terragrunt, directory }, { PATH: `${bin}:/usr/bin:/bin`, TG_TF_PATH: "/no/such/tofu" });
  expect(alone.programs).toMatchObject({ status: "warning", message: expect.stringContaining("/no/such/tofu") });
  await rm(join(bin, "terragrunt"));
});

test("a layer that may not be destroyed refuses the drill of the cluster, and shows the line to add", async () => {
  const directory = await units("stranger");
  const { findings } = await ask({ ...terragrunt, directory });
  expect(findings.find(({ name }) => name === "machines allow-list")).toMatchObject({
    type: "REFUSED",
    message: expect.stringContaining("exercise --scenario cluster"),
    hint: expect.stringContaining(`- { infrastructure: ${JSON.stringify(directory)}`),
  });
});

test("commands of one's own: one that is there, and one that is not", async () => {
  const directory = await layers.write("s4", { "machines.sh": "#!/bin/sh\necho canary-machine\n" });
  await chmod(join(directory, "machines.sh"), 0o755);
  const own = (apply: string) => ({
    name: "machines",
    kind: "command",
    directory,
    inspect: { run: ["./machines.sh"], gone: { exitCode: 4 } },
    destroy: ["./machines.sh"],
    apply: [apply],
  });
  const there = await ask(own("./machines.sh"));
  expect([there.programs, there.layer]).toMatchObject([{ status: "ok" }, { status: "ok" }]);
  expect(there.stdout).not.toContain("canary-machine");
  expect((await ask(own("./build.sh"))).programs).toMatchObject({
    status: "failed",
    type: "PROGRAM_MISSING",
    message: expect.stringContaining("./build.sh"),
  });
});
