import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { lookAtLayers } from "../../../src/activities/doctor/layers.ts";
import { contextOf } from "../../../src/activities/doctor/inspections.ts";
import { isGroupAlive } from "../../../src/activities/jobs/job.ts";
import type { Config } from "../../../src/config.ts";
import { Layer } from "../../../src/plan/infrastructure-schema.ts";
import type { Plan } from "../../../src/plan/schema.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "doctor-layers-"));
  await mkdir(join(root, "code"));
  vi.stubEnv("PATH", [root, process.env["PATH"]].join(delimiter));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true });
});

/** An `init` that does not end, as before a backend that does not answer. @param onInterrupt what it does about SIGINT */
async function lookAtHanging(onInterrupt: string) {
  const tofu = join(root, "tofu");
  await writeFile(
    tofu,
    `#!/bin/sh\ntrap '${onInterrupt}' INT\ntouch ${root}/begun\nwhile [ -e ${root} ]; do sleep 0.1; done\n`,
  );
  await chmod(tofu, 0o755);
  const layer = Layer.parse({
    name: "base",
    kind: "tofu",
    directory: join(root, "code"),
    timeout: "1h",
    destroys: ["*"],
  });
  const plan = { name: "shop", infrastructure: [layer], components: [] } as unknown as Plan;
  const run = join(root, "run");
  const { findings, facts } = await lookAtLayers(plan, contextOf({} as Config, plan, run, "audit"), 1_500);
  expect(findings).toMatchObject([{ name: "layer base", status: "failed", type: "TIMED_OUT" }]);
  expect(facts).toEqual([]);
  expect(await readFile(join(root, "begun"), "utf8")).toBe("");
  const jobs = await readdir(join(run, "jobs"));
  expect(jobs).toHaveLength(1);
  return await isGroupAlive(join(run, "jobs", jobs[0]!));
}

test("an `init` that is given up is stopped before doctor takes its directory away", { timeout: 20_000 }, async () => {
  expect(await lookAtHanging("exit 1")).toBe(false);
});

test("one that does not hear is killed after seconds, not after an apply's minutes", { timeout: 30_000 }, async () => {
  expect(await lookAtHanging("")).toBe(false);
});
