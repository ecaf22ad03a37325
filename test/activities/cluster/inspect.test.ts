import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { inspectCluster } from "../../../src/activities/cluster/inspect.ts";
import type { StepContext } from "../../../src/activities/step.ts";
import { describeFailure } from "../../../src/failures.ts";
import { startFakeApiServer } from "../../support/fake-api-server.ts";

let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), "firedrill-inspect-"))));
afterEach(async () => await rm(directory, { recursive: true }));

test("a cluster that nobody reaches: the step says that it waits, and its failure how to bring it back", async () => {
  const server = await startFakeApiServer();
  const file = join(directory, "kubeconfig");
  await writeFile(file, server.kubeconfig());
  await server.stop();
  const told: string[] = [];
  const context = {
    directory,
    signal: new AbortController().signal,
    progress: (text: string) => told.push(text),
    run: { type: "exercise", plan: "home lab" },
  } as unknown as StepContext;
  const input = { component: { name: "homelab", kind: "cluster" }, access: { kubeconfig: { file } }, checks: [] };
  const asked = inspectCluster({ ...input, saved: [] } as never, context, { withinMs: 700 });
  const failure = describeFailure(await asked.catch((error: unknown) => error));
  expect(failure).toMatchObject({
    type: "SYSTEM_UNREACHABLE",
    message: expect.stringContaining("does not answer") as string,
    hint: expect.stringContaining("firedrill restore 'home lab' --scenario cluster") as string,
  });
  expect(told[0]).toMatch(/does not answer \(ECONNREFUSED\); asked again until \d\d:\d\d:\d\d UTC$/);
});
