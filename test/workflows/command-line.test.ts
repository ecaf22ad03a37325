import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { Connection } from "@temporalio/client";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { decide } from "../../src/cli/commands/decide.ts";
import { startRun } from "../../src/cli/commands/run.ts";
import { showStatus } from "../../src/cli/commands/status.ts";
import { compareWithTemporal } from "../../src/cli/recheck/compare.ts";
import { fetchRecord } from "../../src/cli/fetch-record.ts";
import { describeFailure } from "../../src/failures.ts";
import { lockWorkflowId } from "../../src/lock-names.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { renderDetails } from "../../src/workflows/details.ts";
import { serverFailure } from "../../src/temporal/server-failure.ts";
import { facts, stepFailure } from "../support/fake-activities.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";
import { tryWorkflow } from "../support/workflow-rig.ts";

/** What the command line makes of a run, on a real server. */

let temporal: TestTemporal;
beforeAll(async () => {
  temporal = await connectTest();
  vi.stubEnv("TEMPORAL_ADDRESS", temporal.address);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await temporal.close();
});

test("a run with an invalid request shows its own failure, although it never had a record", async () => {
  await tryWorkflow(temporal, "exercise", { input: { plan: "both", by: "anna" } }, async ({ handle }) => {
    await handle.result().catch(() => "it fails at once");
    const failure = describeFailure(await fetchRecord(temporal.client, handle.workflowId).catch((error) => error));
    expect(failure).toMatchObject({ type: "REQUEST_INVALID", message: 'the input lacks "reason"' });
  });
});

test("a run that was terminated after the destruction tells at once what is destroyed, and what brings it back", async () => {
  const behaviours = {
    directory: (_: number, { run }: { run: { id: string } }) => `/records/${run.id}`,
    "restore/shop": () => sleep(4_000),
  };
  const input = { plan: "both", by: "anna", reason: "test", components: ["shop"] };
  await tryWorkflow(temporal, "exercise", { input, behaviours }, async (trial) => {
    const { workflowId } = trial.handle;
    await trial.until("restore/shop", "running");
    await trial.handle.terminate("by mistake");
    const written: string[] = [];
    const listen = (stream: NodeJS.WriteStream) =>
      vi.spyOn(stream, "write").mockImplementation((text) => (written.push(String(text)), true));
    const spies = [listen(process.stdout), listen(process.stderr)];
    const exitCode = await showStatus(workflowId, {});
    for (const spy of spies) spy.mockRestore();
    const said = stripVTControlCharacters(written.join(""));
    expect(exitCode).toBe(1);
    expect(said).toMatch(/✘ Restore shop +\d/);
    expect(said).toContain("FAIL  Ended from outside (terminated). ");
    expect(said).toContain("Destroyed and not put back: shop.");
    expect(said).toMatch(
      /Its backup is b\d .*firedrill restore both --component shop, or go on with this run: firedrill resume/,
    );
    expect(said).toContain("error: the run was terminated: by mistake");
    expect(said).toMatch(new RegExp(`hint: .*firedrill resume ${workflowId} --reason`));
    const record = await fetchRecord(temporal.client, workflowId);
    expect(record).toMatchObject({ status: "cancelled", verdict: "FAIL", endedAt: expect.any(String) as string });
    expect((await compareWithTemporal(record, record)).differences).toEqual([]);
  });
});

test("a decision on a failure that is not the newest any more is refused, and the commands that are shown name it", async () => {
  const behaviours = {
    "backup/shop": (call: number) => {
      if (call <= 2) throw stepFailure("DISK_FULL", "no space left");
    },
  };
  await tryWorkflow(temporal, "backup", { behaviours }, async (trial) => {
    const { workflowId } = trial.handle;
    const answer = (failure: number) =>
      decide("retry", workflowId, "backup/shop", { by: "bert", reason: "made room", failure, json: true });
    await trial.until("backup/shop", "waiting");
    expect(await answer(1)).toBe(0);
    await expect.poll(async () => (await failures(trial)).length).toBe(2);
    const details = renderDetails(await trial.until("backup/shop", "waiting"), workflowId);
    expect(details).toContain('"failureNo":2}');
    expect(details).toContain(`firedrill retry ${workflowId} backup/shop --failure 2 --reason WHY`);
    await expect(answer(1)).rejects.toMatchObject({
      type: "REQUEST_INVALID",
      message: "the decision answers failure 1 of backup/shop, which has failed 2 times by now",
    });
    expect(await answer(2)).toBe(0);
    expect((await trial.end()).type).toBe("PASS");
  });
});

test("a lock is no run, and says whose it is; a step that runs is stopped with its run", async () => {
  const lock = `test/${randomUUID()}`;
  const of = { target: "database shop", facts: facts({ name: "shop", kind: "pgdump" }, { lock }), note: "" };
  const behaviours = { "preflight/shop": () => of, "backup/shop": () => sleep(3_000) };
  const input = { plan: "both", by: "anna", reason: "test", components: ["shop"] };
  await tryWorkflow(temporal, "backup", { input, behaviours }, async (trial) => {
    await trial.until("backup/shop", "running");
    const { workflowId } = trial.handle;
    const early = decide("abort", workflowId, "backup/shop", { by: "bert", reason: "x" });
    const { message, hint } = describeFailure(await early.catch((error: unknown) => error));
    expect(message).toBe("step backup/shop is not waiting; nothing is");
    expect(hint).toMatch(new RegExp(`temporal workflow cancel --workflow-id ${workflowId}$`));
    const id = lockWorkflowId(lock);
    const refused = {
      type: "REQUEST_INVALID",
      message: `${id} is no run but the lock of ${of.facts.target}, for run ${workflowId}`,
    };
    await expect(showStatus(id, {})).rejects.toMatchObject(refused);
    await expect(decide("abort", id, "backup/shop", { by: "bert", reason: "x" })).rejects.toMatchObject(refused);
  });
});

test("a run cannot have the ID of a lock", async () => {
  const id = lockWorkflowId(`test/${randomUUID()}`);
  const refused = { type: "REQUEST_INVALID", message: expect.stringContaining("kept for locks") as string };
  const begun = startRun("backup", "both", { id, by: "anna", reason: "test", detach: true });
  await expect(begun).rejects.toMatchObject(refused);
  await tryWorkflow(temporal, "backup", { workflowId: id }, async ({ handle, fakes }) => {
    const error = (await handle.result().catch((one: unknown) => one)) as { cause: Error };
    expect(error.cause).toMatchObject(refused);
    expect(fakes.calls).toEqual([]);
  });
});

test("what the server does not take is no defect: an ID that is too long", async () => {
  const id = "x".repeat(2_000);
  const refused = { type: "REQUEST_INVALID", message: expect.stringMatching(/does not take it: .*length/i) as string };
  const begun = startRun("backup", "both", { id, by: "anna", reason: "test", detach: true });
  await expect(begun).rejects.toMatchObject(refused);
  const unknown = { type: "REQUEST_INVALID", message: `there is no run ${id}` };
  await expect(showStatus(id, {})).rejects.toMatchObject(unknown);
});

test("a server that went away meanwhile is not reachable", async () => {
  const connection = Connection.lazy({ address: "127.0.0.1:1", interceptors: [] });
  const asked = connection.withDeadline(Date.now() + 1_000, () => connection.workflowService.listNamespaces({}));
  const error = await asked.catch((one: unknown) => one);
  expect(describeFailure(serverFailure(error))).toMatchObject({ type: "SYSTEM_UNREACHABLE" });
  await connection.close();
});

async function failures({ record }: { record: () => Promise<RunRecord> }) {
  return (await record()).steps.find(({ id }) => id === "backup/shop")!.failures;
}
