import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { failureOf, told } from "../../../src/activities/infrastructure/causes.ts";
import { factsOf } from "../../../src/activities/infrastructure/facts.ts";
import { lockIn } from "../../../src/activities/infrastructure/lock.ts";
import { follow } from "../../../src/activities/infrastructure/messages.ts";
import { cut, unexpected } from "../../../src/activities/infrastructure/planned.ts";
import type { Config } from "../../../src/config.ts";
import { describeFailure } from "../../../src/failures.ts";
import { Layer } from "../../../src/plan/infrastructure-schema.ts";

let root: string;
beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), "layers-"))));
afterAll(() => rm(root, { recursive: true }));

test("patterns: * is any text, brackets and dots are themselves, the first with room counts", () => {
  const node = (n: number) => `module.a.aws_instance.node[${n}]`;
  expect(unexpected([node(0), "module.ab.x.y"], ["module.a.*"])).toEqual(["module.ab.x.y"]);
  expect(unexpected([node(0), node(1)], ["module.a.aws_instance.node[0]"])).toEqual([node(1)]);
  expect(unexpected(["moduleXa.b"], ["module.a.*", "module.a*"])).toEqual(["moduleXa.b"]);
  const two = { addresses: "module.a.*", atMost: 2 };
  expect(unexpected([node(0), node(1), node(2)], [two])).toEqual([`${node(2)} (more than 2 of module.a.*)`]);
  expect(unexpected([node(0), node(1), node(2)], [two, "*[2]"])).toEqual([]);
  expect(unexpected(['x.y["a\nb"]'], ["x.y[*]"])).toEqual([]);
});

test("names are cut to what a person reads, and the rest is counted", () => {
  expect(cut(["a", "b", "c"], 2)).toEqual({ names: ["a", "b"], more: 1 });
  expect(cut([], 2)).toEqual({ names: [], more: 0 });
});

async function failureBy(diagnostic: object, stderr = "") {
  const [stdout, errors] = [join(root, "stdout.log"), join(root, "stderr.log")];
  await writeFile(stdout, `${JSON.stringify({ type: "diagnostic", diagnostic })}\nno JSON\n{"type":1}\n`);
  await writeFile(errors, stderr);
  const end = await told({ exitCode: 1, signal: null, error: null, stdout, stderr: errors });
  return describeFailure(await failureOf("the plan", end, "PROGRAM_FAILED"));
}

test.each([
  ["ExpiredToken: The security token included in the request is expired", "AUTHENTICATION_FAILED", "renew them"],
  ["UnauthorizedOperation: You are not authorized to perform this operation", "PERMISSION_DENIED", "the right"],
  ["VcpuLimitExceeded: You have requested more vCPU capacity", "PROGRAM_FAILED", "A limit of the provider"],
  ["Unsupported OpenTofu Core version", "UNSUPPORTED_VERSION", "Install the version"],
  ["NoSuchBucket: The specified bucket does not exist", "PROGRAM_FAILED", "backend is missing"],
  ["dial tcp: lookup pve.lan: no such host", "SYSTEM_UNREACHABLE", "does not answer"],
  ["something new", "PROGRAM_FAILED", "stdout.log"],
])(
  "a provider's %s is quoted in one line with its address, and known causes have a hint",
  async (detail, type, hint) => {
    const failure = await failureBy({
      severity: "error",
      summary: "creating instance",
      detail: `${detail}\n\nmore`,
      address: "a.b",
    });
    expect(failure).toMatchObject({ type, hint: expect.stringContaining(hint) as string });
    expect(failure.message).toBe(`the plan failed: a.b: creating instance: ${detail} more`);
  },
);

test("without a diagnostic the last words of standard error tell, and warnings do not", async () => {
  const warning = { severity: "warning", summary: "deprecated" };
  const failure = await failureBy(warning, "ERRO Unable to parse Terraform version output\n");
  expect(failure.message).toBe("the plan failed: ERRO Unable to parse Terraform version output");
  expect(failure.hint).toContain("TF_CLI_CONFIG_FILE");
});

test("only the error about the lock is one", () => {
  expect(lockIn([{ summary: "Error releasing the state lock", detail: "ID: 1", address: "" }])).toBeUndefined();
  const lock = lockIn([{ summary: "Error acquiring the state lock", detail: "Error message: denied", address: "" }]);
  expect(lock).toEqual({ id: "", who: "", operation: "", created: "" });
});

test("progress is counted over an output that grows", async () => {
  const file = join(root, "grows.log");
  const line = (type: string, addr: string) => `${JSON.stringify({ type, hook: { resource: { addr } } })}\n`;
  const progress = follow("destroyed", 2);
  expect(await progress(file)).toBe("destroyed 0 of 2 resources");
  await writeFile(file, line("apply_start", "a.b"));
  expect(await progress(file)).toBe("destroyed 0 of 2 resources, now a.b");
  await writeFile(file, line("apply_complete", "a.b") + line("apply_start", "c.d").slice(0, 20), { flag: "a" });
  expect(await progress(file)).toBe("destroyed 1 of 2 resources, now a.b");
  await writeFile(file, line("apply_start", "c.d").slice(20) + line("apply_complete", "c.d"), { flag: "a" });
  expect(await progress(file)).toBe("destroyed 2 of 2 resources");
});

test("a layer is listed by directory and workspace, and by its lineage where one is given", () => {
  const layer = Layer.parse({ name: "c", kind: "tofu", directory: "/srv/infra/", destroys: ["*"] });
  const of = (mayDestroy: object[], lineages = ["L1"]) =>
    factsOf(layer, { identity: "L1", resources: 1, lineages }, { config: { mayDestroy } as Config });
  const entry = { infrastructure: "/srv/infra", workspace: "default" };
  expect(of([])).toMatchObject({ listed: false, listLine: '- { infrastructure: "/srv/infra", lineage: "L1" }' });
  expect(of([entry])).toMatchObject({ listed: true, infrastructure: { strangers: [] } });
  expect(of([{ ...entry, workspace: "prod" }]).listed).toBe(false);
  expect(of([{ ...entry, lineage: "L1" }]).infrastructure!.strangers).toEqual([]);
  expect(of([{ ...entry, lineage: "L2" }]).infrastructure!.strangers).toEqual(["L1"]);
  const both = [
    { ...entry, lineage: "L1" },
    { ...entry, lineage: "L2" },
  ];
  expect(of(both, ["L2", "L1", "L3"]).infrastructure!.strangers).toEqual(["L3"]);
});
