import { readdirSync, readFileSync } from "node:fs";
import { DefaultLogger, Runtime, Worker } from "@temporalio/worker";
import { describe, expect, inject, test } from "vitest";
import { shapes } from "../support/history-shapes.ts";

Runtime.install({
  logger: new DefaultLogger("ERROR"),
  telemetryOptions: { logging: { filter: { core: "ERROR", other: "ERROR" }, forward: {} } },
});

const directory = new URL("../histories/", import.meta.url);
const sinks = { recorder: { save: { fn: () => {}, callDuringReplay: false } } };
const names = readdirSync(directory).filter((name) => name.endsWith(".json"));

interface History {
  events: { activityTaskScheduledEventAttributes?: { activityId: string; activityType: { name: string } } }[];
}

const read = (name: string) => JSON.parse(readFileSync(new URL(name, directory), "utf8")) as History;
/** Under the workflow ID that it had: those of children are made of it. */
const replay = (history: History, name: string) =>
  Worker.runReplayHistory(
    { workflowBundle: { codePath: inject("workflowBundle") }, sinks },
    history,
    name.replace(/-\d+\.\d+\.\d+\.json$/, ""),
  );

/** Histories as `temporal workflow show --output json` writes them: a run in flight survives an upgrade. */
test.each(names)("%s replays", async (name) => {
  await replay(read(name), name);
});

test("every shape of a run has a history", () => {
  for (const shape of Object.keys(shapes))
    expect(
      names.some((name) => name.startsWith(`${shape}-`) && /-\d+\.\d+\.\d+\.json$/.test(name)),
      shape,
    ).toBe(true);
});

describe("a history of other code does not replay", () => {
  test.each(names)("%s, when two steps change places", async (name) => {
    const history = read(name);
    const steps = history.events.flatMap(({ activityTaskScheduledEventAttributes: step }) => step ?? []);
    const [a, b] = [
      steps[1]!,
      steps.findLast(({ activityType }) => activityType.name !== steps[1]!.activityType.name)!,
    ];
    [a.activityId, a.activityType, b.activityId, b.activityType] = [
      b.activityId,
      b.activityType,
      a.activityId,
      a.activityType,
    ];
    await expect(replay(history, name)).rejects.toThrow(/nondeterminism|does not match/i);
  });
});
