import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { type Answering, idle, offered, press, stillAsked } from "../../src/cli/answering.ts";
import { viewLines } from "../../src/cli/view.ts";
import type { RunRecord, StepRecord } from "../../src/report/record.ts";
import { samples } from "../support/records.ts";

/** Answers by keys, without a terminal; test/e2e/answer-keys.test.ts has one. */

const failure = { type: "DISK_FULL", message: "no space left", hint: "Free some.", at: samples.passed.startedAt };

function waiting(...steps: [id: string, skippable: boolean, failures: number][]): RunRecord {
  const record = structuredClone(samples.running);
  for (const step of record.steps) if (step.status === "waiting") step.status = "done";
  for (const [id, skippable, failures] of steps) {
    const step: StepRecord = record.steps.find((one) => one.id === id)!;
    Object.assign(step, { status: "waiting", skippable, failures: Array.from({ length: failures }, () => failure) });
  }
  return record;
}

const one = waiting(["restore/shop", true, 2]);
const two = waiting(["restore/shop", true, 1], ["restore/ledger", false, 3]);

/** Single characters type themselves; longer words are names of keys. */
function keys(state: Answering, record: RunRecord, ...pressed: string[]): Answering {
  return pressed.reduce((at, key) => {
    const seen: Answering = at.stage === "confirm" ? { ...at, shown: true } : at;
    return press(seen, key.length === 1 ? { name: key, text: key } : { name: key, text: "" }, record);
  }, state);
}

function shown(state: Answering, record: RunRecord, columns = 79, rows = 23): string[] {
  const scene = { record, progress: new Map(), trouble: null, answering: state, now: Date.parse(failure.at), frame: 0 };
  return viewLines(scene, { columns, rows }).map((line) => stripVTControlCharacters(line));
}

test("a key, a reason, a yes: the answer names the failure that was seen", () => {
  const asked = keys(idle, one, "r", "o", "x", "backspace", "k", "return");
  const answer = { action: "retry", step: "restore/shop", failureNo: 2 };
  expect(asked).toEqual({ stage: "confirm", answer, reason: "ok", shown: false });
  expect(keys(asked, one, "y")).toEqual({ ...asked, shown: true, stage: "sending" });
  expect(keys(asked, one, "n", "Y", "return")).toMatchObject({ stage: "confirm" });
  expect(keys(asked, one, "escape")).toEqual(idle);
});

test("what is pasted cannot say yes: the question has to be on the screen first", () => {
  const pasted = ["r", "x", "return", "y"];
  const blind = pasted.reduce((at, key) => press(at, { name: key, text: key.length === 1 ? key : "" }, one), idle);
  expect(blind).toMatchObject({ stage: "confirm", shown: false });
});

test("no answer goes without a reason", () => {
  expect(keys(idle, one, "a", " ", "return")).toMatchObject({ stage: "reason" });
  expect(keys(idle, one, "a", "x", "clear", "return")).toMatchObject({ stage: "reason", reason: "" });
});

test("where several steps wait it asks which; only those that the action fits are there", () => {
  expect(keys(idle, two, "r")).toEqual({ stage: "step", action: "retry" });
  expect(keys(idle, two, "r", "9", "x")).toEqual({ stage: "step", action: "retry" });
  const second = two.steps.filter(({ status }) => status === "waiting")[1]!;
  expect(keys(idle, two, "r", "2")).toMatchObject({ answer: { step: second.id, failureNo: second.failures.length } });
  expect(keys(idle, two, "s")).toMatchObject({ stage: "reason", answer: { step: "restore/shop", failureNo: 1 } });
});

test("keys that nothing waits for do nothing, and a step that may not be skipped is not", () => {
  const fixed = waiting(["restore/ledger", false, 1]);
  expect(offered(fixed).map(({ key }) => key)).toEqual(["r", "a"]);
  expect(keys(idle, fixed, "s", "q", "y")).toEqual(idle);
  expect(offered(waiting())).toEqual([]);
  expect(keys(idle, waiting(), "r", "s", "a")).toEqual(idle);
});

test("approvals are no matter of a key; the run can be given up there", () => {
  expect(offered(samples.approving)).toEqual([{ action: "abort", key: "a" }]);
  expect(keys(idle, samples.approving, "a")).toMatchObject({ answer: { failureNo: undefined } });
});

test.each([
  ["somebody else has answered", waiting()],
  ["the step has failed once more", waiting(["restore/shop", true, 3])],
])("what is being typed ends when %s", (_, record) => {
  for (const state of [keys(idle, one, "r", "x"), keys(idle, one, "r", "x", "return")]) {
    expect(stillAsked(state, one)).toBe(state);
    const told = stillAsked(state, record);
    expect(told).toMatchObject({ stage: "told", good: false });
    // The rest of what was being typed is no answer.
    expect(keys(told, one, "r", "a", "y")).toBe(told);
    expect(keys(told, one, "return")).toEqual(idle);
  }
});

test("the view says which keys there are, what is being answered and why", () => {
  expect(shown(idle, one).at(-1)).toBe("Answer here: r retry · s skip · a abort");
  expect(shown(idle, waiting()).join("\n")).not.toContain("Answer here");
  expect(shown(keys(idle, two, "r"), two).join("\n")).toMatch(/which step.*\n {2}1 restore\/\w+\n {2}2 restore\/\w+\n/);
  const typing = keys(idle, one, "a", ...Array.from("the disk is gone"));
  expect(shown(typing, one).join("\n")).toMatch(/abort restore\/shop \(give the run up\): why\?\n> the disk is gone/);
  expect(shown(keys(typing, one, "return"), one).join("\n")).toMatch(/because: the disk is gone\ny sends it/);
  const refused: Answering = { stage: "told", good: false, message: "no\u001b[2J", hint: "Look." };
  expect(shown(refused, one).slice(-3)).toEqual(["no[2J", "Look.", "Enter goes on"]);
  const taken: Answering = { stage: "told", good: true, message: "taken" };
  expect(shown(taken, one).slice(-2)).toEqual(["taken", "Answer here: r retry · s skip · a abort"]);
});

test.each([
  [79, 23],
  [30, 8],
])("what is being typed is seen on a terminal of %i x %i, whatever else there is", (columns, rows) => {
  const typing = keys(idle, two, "r", "1", ...Array.from("x".repeat(300)), "e", "n", "d");
  const lines = shown(typing, two, columns, rows);
  expect(lines.length).toBeLessThanOrEqual(rows);
  expect(lines.at(-2)).toMatch(/^> ….*end $/);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
});
