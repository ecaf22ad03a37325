import { readdir, readFile, writeFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { readJson } from "../../src/activities/files.ts";
import type { ProcessIdentity } from "../../src/activities/process-identity.ts";
import { type HttpState, startHttpState } from "../support/http-state.ts";
import { createLayers, failureOf, type LayerRun, type Layers } from "../support/layers.ts";

/** States that are kept elsewhere: locks that stay, secrets, programs that are killed or asked to stop. */

let layers: Layers;
let store: HttpState;
let count = 0;
beforeAll(async () => {
  layers = await createLayers();
  await layers.startWorker();
});
afterAll(() => layers.remove());
beforeEach(async () => void (store = await startHttpState()));
afterEach(async () => {
  await store.close();
  await layers.ensureWorker();
});

/** @param more code beside one resource, `net` */
async function begin({ more = "", layer = {} }: { more?: string; layer?: object } = {}) {
  const code = `terraform {\n  backend "http" {}\n}\n${layers.resource("net")}\n${more}`;
  const backend = ["", "lock_", "unlock_"].map((kind) => `${kind}address = "${store.address}"`).join("\n");
  const directory = await layers.write(`s${(count += 1)}`, { "main.tf": code, "dev.tfbackend": `${backend}\n` });
  const written = {
    name: "cluster",
    kind: "tofu",
    directory,
    backendConfig: join(directory, "dev.tfbackend"),
    destroys: ["terraform_data.*"],
    lockTimeout: "1s",
    ...layer,
  };
  const since = (await layers.log()).length;
  return { run: await layers.begin(written), directory, log: async () => (await layers.log()).slice(since) };
}

const jobsOf = ({ ref }: LayerRun) => join(layers.directory, "state", "runs", ref.id, "jobs");

/** Kills a program of the run together with its supervisor and all that it has started. */
async function killProgram(run: LayerRun, name: string): Promise<void> {
  const jobs = jobsOf(run);
  const job = (await readdir(jobs)).find((one) => one.includes(name))!;
  const supervisor = await readJson<ProcessIdentity>(join(jobs, job, "supervisor.json"));
  process.kill(-supervisor!.pid, "SIGKILL");
}

test("the backend's file is used, and says where the state is", async () => {
  const { run } = await begin();
  await run.apply();
  const [inspection, planned] = await run.prepare();
  expect(inspection.note).toContain(`backend http ${store.address}`);
  expect(store.state).toContain(inspection.states[0]!.lineage);
  await run.destroy(inspection, planned);
  expect(store.lock).toBeNull();
});

test("a lock that our own killed program has left is released, and the work is done once", async () => {
  const { run, log } = await begin();
  await run.apply();
  const [inspection, planned] = await run.prepare();
  await layers.forget("at-net");
  await layers.touch("hold-net");
  const destroying = await run.start("destroy", { inspection, planned });
  await layers.until("at-net");
  expect(store.lock).toContain(`"Who":"${userInfo().username}@${hostname()}"`);
  await killProgram(run, "destroy.0");
  await layers.forget("hold-net");
  expect(await destroying.result()).toMatchObject({ value: { destroyed: 1 } });
  expect(await log()).toEqual(["create net", "destroy net"]);
  expect(store.lock).toBeNull();
});

test("a lock that a killed run before has left is recognised by the next one", async () => {
  const { run, log } = await begin();
  await layers.touch("hold-net");
  const applying = await run.start("apply", { planned: null });
  await layers.until("at-net");
  await layers.killWorker();
  await killProgram(run, "apply.0");
  await applying.terminate("gone for good");
  await layers.forget("hold-net");
  await layers.startWorker();
  const next = await layers.begin({ ...run.layer, timeout: "5m", lockTimeout: "1s" });
  expect(await next.apply()).toMatchObject({ resources: 1 });
  expect(await log()).toEqual(["create net"]);
});

test.each([
  ["of somebody else", () => "bert@laptop"],
  ["of our own user and host, that no program of ours has left", () => `${userInfo().username}@${hostname()}`],
])("a lock %s is left alone, and told with who, since when and its ID", async (_, who) => {
  const { run, log } = await begin();
  await run.apply();
  const inspection = await run.inspect();
  const lock = { ID: "f0e1-d2", Operation: "OperationTypeApply", Who: who(), Created: new Date().toISOString() };
  store.lock = JSON.stringify({ ...lock, Version: "1.12.6", Path: "", Info: "" });
  const held = store.lock;
  const failure = await failureOf(run.plan(inspection));
  expect(failure.type).toBe("STATE_LOCKED");
  expect(failure.message).toContain(`is locked by ${who()} since ${lock.Created.slice(0, 10)} `);
  expect(failure.message).toContain("(OperationTypeApply, ID f0e1-d2)");
  expect(failure.hint).toMatch(/tofu -chdir=\S+ force-unlock f0e1-d2$/);
  expect(store.lock).toBe(held);
  store.lock = null;
  run.ref.tryNo = 1;
  await run.destroy(inspection, await run.plan(inspection));
  expect(await log()).toEqual(["create net", "destroy net"]);
});

test("a program that is asked to stop writes down what it has done", async () => {
  const { run } = await begin({ more: layers.resource("node", "depends_on = [terraform_data.net]") });
  await layers.touch("hold-node");
  const applying = await run.start("apply", { planned: null });
  await layers.until("at-node");
  await applying.cancel();
  await expect(applying.result()).rejects.toThrow();
  expect(store.lock).toBeNull();
  expect(store.state).toContain('"name":"net"');
  const [job] = (await readdir(jobsOf(run))).filter((one) => one.includes("apply.0"));
  expect(await readJson(join(jobsOf(run), job!, "end.json"))).toMatchObject({ exitCode: 1, signal: null });
  await layers.forget("hold-node");
});

test("secrets of the environment and of the state reach the program, and nothing that is kept", async () => {
  const canaries = ["canary-of-the-environment", "canary-of-the-state", "canary-of-an-input"];
  const { run } = await begin({
    more: `
output "token" {
  value     = "canary-of-the-state"
  sensitive = true
}
resource "terraform_data" "keys" {
  input = sensitive("canary-of-an-input")
  provisioner "local-exec" {
    when    = destroy
    command = "echo \${self.input} >&2; test ! -e ${layers.directory}/fail-keys"
  }
}`,
    layer: { environment: { TF_HTTP_PASSWORD: { env: "LAYER_CANARY" }, TF_HTTP_USERNAME: { env: "LAYER_CANARY" } } },
  });
  await run.apply();
  expect(Buffer.from(store.authorization.slice(6), "base64").toString()).toContain(canaries[0]);
  expect(store.state).toContain("canary-of-the-state");
  const [inspection, planned] = await run.prepare();
  await layers.touch("fail-keys");
  const handle = await run.start("destroy", { inspection, planned });
  expect((await failureOf(handle.result())).message).toContain("terraform_data.keys: local-exec provisioner error");
  const history = JSON.stringify(await handle.fetchHistory());
  const kept = [history, await layers.workerLog(), ...(await textsBelow(join(layers.directory, "state")))];
  expect(kept.length).toBeGreaterThan(10);
  for (const canary of canaries) {
    const written = [canary, Buffer.from(canary).toString("base64").slice(0, 20)];
    expect(kept.filter((text) => written.some((one) => text.includes(one)))).toEqual([]);
  }
});

async function textsBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return await Promise.all(files.map((file) => readFile(file, "utf8")));
}

test("commands of one's own: destroyed is what their `inspect` says, and which one it is", async () => {
  const script = `#!/bin/sh
cd "$(dirname "$0")"
case $1 in
  id) cat id 2>/dev/null || { echo none; exit 4; } ;;
  destroy) test -e lie || rm -f id ;;
  apply) test -e lie || date +%s%N > id ;;
esac
`;
  const directory = await layers.write(`s${(count += 1)}`, { "cluster.sh": script });
  const sh = (verb: string) => ["sh", "./cluster.sh", verb];
  const inspect = { run: sh("id"), gone: { exitCode: 4, contains: "none" } };
  const layer = { name: "cluster", kind: "command", directory, inspect, destroy: sh("destroy"), apply: sh("apply") };
  const run = await layers.begin(layer);
  await writeFile(join(directory, "lie"), "");
  expect(await failureOf(run.apply())).toMatchObject({ type: "NOT_BUILT" });
  await layers.forget(join("infra", `s${count}`, "lie"));
  await (await layers.begin(layer)).apply();
  const [inspection, planned] = await run.prepare();
  expect(inspection.facts).toMatchObject({
    exists: true,
    listed: true,
    identity: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
  });
  const id = await readFile(join(directory, "id"), "utf8");
  await writeFile(join(directory, "id"), "another");
  expect(await failureOf(run.destroy(inspection, planned))).toMatchObject({ type: "IDENTITY_CHANGED" });
  await writeFile(join(directory, "id"), id);
  await writeFile(join(directory, "lie"), "");
  expect(await failureOf(run.destroy(inspection, planned))).toMatchObject({ type: "NOT_DESTROYED" });
  await layers.forget(join("infra", `s${count}`, "lie"));
  run.ref.tryNo = 1;
  expect(await run.destroy(inspection, planned)).toMatchObject({ destroyed: 1 });
  expect((await run.apply(planned)).note).toMatch(/^built: [0-9a-f]{16}$/);
});
