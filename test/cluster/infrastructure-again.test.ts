import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createLayers, failureOf, type Layers } from "../support/layers.ts";

/** After a real loss a layer is made again, and what is still there stays: real OpenTofu, driven by a real worker. */

let layers: Layers;
let count = 0;
beforeAll(async () => {
  layers = await createLayers();
  await layers.startWorker();
});
afterAll(() => layers.remove());
afterEach(() => layers.ensureWorker());

/** @param tag of the node: another one replaces it */
const three = (tag: string, more = "") =>
  [
    layers.resource("net"),
    layers.resource("node", `depends_on = [terraform_data.net]\n  triggers_replace = "${tag}"\n  ${more}`),
    layers.resource("dns", "depends_on = [terraform_data.node]"),
  ].join("\n");

/** A layer that is there already, and a restore that finds it with the code that `change` leaves. */
async function begin() {
  const name = `s${(count += 1)}`;
  const directory = await layers.write(name, { "main.tf": three("a") });
  const layer = { name: "cluster", kind: "tofu", directory, destroys: ["*"], lockTimeout: "1s" };
  await (await layers.begin(layer)).apply();
  const since = (await layers.log()).length;
  return {
    restore: async () => await layers.begin(layer, "restore"),
    write: async (text: string) => void (await layers.write(name, { "main.tf": text })),
    tofu: async (...args: string[]) => await execa(layer.kind, args, { cwd: directory, env: layers.environment }),
    log: async () => (await layers.log()).slice(since),
  };
}

test("what is there stays, what is gone is made", async () => {
  const { restore, tofu, log } = await begin();
  expect(await (await restore()).apply()).toMatchObject({ resources: 3 });
  expect(await log()).toEqual([]);
  await tofu("state", "rm", "terraform_data.dns");
  expect(await (await restore()).apply()).toMatchObject({ resources: 3, note: "3 resources" });
  expect(await log()).toEqual(["create dns"]);
});

test("nothing of it is left: all is made", async () => {
  const { restore, tofu, log } = await begin();
  await tofu("state", "rm", "terraform_data.dns", "terraform_data.node", "terraform_data.net");
  const run = await restore();
  expect(await run.apply()).toMatchObject({ resources: 3 });
  expect(await log()).toEqual(["create net", "create node", "create dns"]);
});

test.each<[string, string]>([
  ["a replacement", ""],
  ["one that its own code protects", "lifecycle { prevent_destroy = true }"],
])("what would be destroyed on the way is named, and nothing is touched: %s", async (_, more) => {
  const { restore, write, log } = await begin();
  await write(three("b", more));
  const failure = await failureOf((await restore()).apply());
  expect(failure).toMatchObject({
    type: "REFUSED",
    message: "to make cluster again would destroy what is there: terraform_data.node",
    hint: expect.stringContaining("state rm") as string,
  });
  expect(await log()).toEqual([]);
});

test("a command of one's own is not called while what it makes is there", async () => {
  const directory = await layers.write(`s${(count += 1)}`, { "made.txt": "" });
  const expects = (exitCode: number) => ({ exitCode });
  const layer = {
    name: "cluster",
    kind: "command",
    directory,
    inspect: { run: ["test", "-e", "made.txt"], exists: expects(0), gone: expects(1) },
    apply: ["sh", "-c", "echo again >> made.txt"],
    destroy: ["rm", "made.txt"],
  };
  const { note } = await (await layers.begin(layer, "restore")).apply();
  expect(note).toBe("it is there already, and was left as it is");
  expect(await readFile(join(directory, "made.txt"), "utf8")).toBe("");
  await rm(join(directory, "made.txt"));
  await (await layers.begin(layer, "restore")).apply();
  expect(await readFile(join(directory, "made.txt"), "utf8")).toBe("again\n");
});

test("a worker that is killed in the middle: the next one goes on, and nothing is made twice", async () => {
  const { restore, tofu, log } = await begin();
  await tofu("state", "rm", "terraform_data.dns", "terraform_data.node", "terraform_data.net");
  const run = await restore();
  await layers.touch("hold-node");
  const applying = await run.start("apply", { planned: null });
  await layers.until("at-node");
  await layers.killWorker();
  await layers.forget("hold-node");
  await layers.startWorker();
  expect(await applying.result()).toMatchObject({
    value: { resources: 3 },
    attempts: [{ outcome: "died" }, { outcome: "ran" }],
  });
  expect(await log()).toEqual(["create net", "create node", "create dns"]);
});
