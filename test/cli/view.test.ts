import { stripVTControlCharacters } from "node:util";
import chalk from "chalk";
import { describe, expect, test } from "vitest";
import { viewLines } from "../../src/cli/view.ts";
import type { Progress, Scene, Size } from "../../src/cli/view/scene.ts";
import type { RunRecord, StepRecord } from "../../src/report/record.ts";
import { visible } from "../../src/report/safe-text.ts";
import { samples } from "../support/records.ts";

const start = Date.parse(samples.passed.startedAt);
const sizes: Size[] = [
  { columns: 79, rows: 23 },
  { columns: 199, rows: 49 },
  { columns: 59, rows: 12 },
  { columns: 20, rows: 5 },
];

function draw(record: RunRecord, size: Size, more: Partial<Scene> = {}): string[] {
  const scene = { record, progress: new Map(), trouble: null, answering: null, now: start + 60_000, frame: 0, ...more };
  return viewLines(scene, size).map((line) => stripVTControlCharacters(line));
}

function changed(id: string, changes: Partial<StepRecord>): RunRecord {
  const record = structuredClone(samples.running);
  const step = record.steps.find((one) => one.id === id);
  Object.assign(step ?? expect.fail(`no step ${id}`), changes);
  return record;
}

const failure = {
  type: "DISK_FULL",
  message: "no space left on /var/lib/postgresql",
  hint: "Free space on the file system that the message names; then retry.",
  at: new Date(start + 50_000).toISOString(),
};
const waiting = changed("restore/shop", { status: "waiting", failures: [failure] });
const running = changed("restore/shop", { status: "running", startedAt: failure.at, endedAt: null, attempts: 1 });
const progressOf = (progress: Partial<Progress>) =>
  new Map([["restore/shop", { text: null, percent: null, attempt: 1, queued: false, ...progress }]]);

describe.each(sizes)("at $columns x $rows", (size) => {
  test.each(Object.entries({ ...samples, waiting }))("the view of a run that is %s fits", (_, record) => {
    const lines = draw(record, size);
    expect(lines.length).toBeLessThanOrEqual(size.rows);
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(Math.max(size.columns, 40));
  });
});

test("a finished phase is one line on a small terminal, and all its steps on a tall one", () => {
  const title = samples.passed.steps[0]!.title;
  expect(draw(samples.passed, sizes[0]!).join("\n")).not.toContain(title);
  expect(draw(samples.passed, sizes[1]!).join("\n")).toContain(title);
});

test("a run that was given up has nothing under way and nothing to come", () => {
  for (const record of [samples.cancelled, samples.refused]) {
    const phases = draw(record, sizes[1]!).filter((line) => /^\S+ [a-z]+ +\d/.test(line));
    expect(phases.length).toBeGreaterThan(3);
    for (const line of phases) expect(line).toMatch(/^[✔✘·↷] \w+ +(\d+ of|\d+ not begun)/);
  }
});

test("a run that waits for approvals says how many there are, who is asked and what to type", () => {
  const text = draw(samples.approving, { columns: 99, rows: 30 }).join("\n");
  expect(text).toContain("approve/destroy waits for approvals for 21s");
  expect(text).toContain("1 of 2 people have approved (bert); asked are anna, bert, carla");
  expect(text).toContain(
    `firedrill approve ${samples.approving.run.workflowId} --plan-sha256 9f86d081884c7d65 --reason "…"`,
  );
  expect(text).toContain(`firedrill abort ${samples.approving.run.workflowId} approve/destroy --reason "…"`);
});

test("a step that waits says what happened, the hint and the commands to type", () => {
  const text = draw(waiting, { columns: 99, rows: 23 }).join("\n");
  const id = waiting.run.workflowId;
  expect(text).toContain("restore/shop waits for a person for 10s");
  expect(text).toContain(failure.message);
  expect(text).toContain(failure.hint);
  expect(text).toContain(`retry ${id} restore/shop --failure 1 --reason "…"`);
  expect(text).toContain(`abort ${id} restore/shop --failure 1 --reason "…"`);
});

test("skip is offered only where the step may be skipped", () => {
  for (const skippable of [true, false]) {
    const record = changed("restore/shop", { status: "waiting", failures: [failure], skippable });
    expect(draw(record, sizes[0]!).join("\n").includes(" skip ")).toBe(skippable);
  }
});

test("what a person must type is shown even where nothing else has room", () => {
  expect(draw(waiting, { columns: 59, rows: 12 }).join("\n")).toMatch(
    /abort \S+ \\?\s+restore\/shop --failure 1 --reason "…"/,
  );
});

test("a command names the newest failure, and a workflow ID that a shell would understand differently is quoted", () => {
  const record = changed("restore/shop", { status: "waiting", failures: [failure, failure] });
  record.run.workflowId = "it's $(id)";
  const text = draw(record, { columns: 99, rows: 23 }).join("\n");
  expect(text).toContain(String.raw`retry 'it'\''s $(id)' restore/shop --failure 2 --reason "…"`);
  const narrow = draw(record, { columns: 30, rows: 23 }).join("\n");
  expect(narrow).toMatch(/'it'\\''s \$\(id\)' \\\n\s+restore\/shop/);
});

test("no text of others moves the cursor or begins a line", () => {
  const colours = chalk.level;
  chalk.level = 0;
  const hostile = "x\u001b[2J\u009b31m\u202e\u0007\r\nPASS\tx";
  const record = changed("restore/shop", {
    status: "waiting",
    title: hostile,
    note: hostile,
    failures: [{ ...failure, message: hostile, hint: hostile }],
  });
  Object.assign(record.run, { by: hostile, reason: hostile, workflowId: `w${hostile}` });
  for (const { columns, rows } of sizes) {
    const scene = { record, progress: new Map(), trouble: null, answering: null, now: start + 60_000, frame: 0 };
    const text = viewLines(scene, { columns, rows }).join("\n");
    expect(visible(text)).toBe(text);
    expect(text).not.toMatch(/^PASS/m);
  }
  chalk.level = colours;
});

test("a restore to a point in time says so", () => {
  const record = structuredClone(samples.passed);
  Object.assign(record.run, { type: "restore", toTime: "2026-11-21T03:00:00Z" });
  expect(draw(record, sizes[0]!)[0]).toContain("Restore homelab to 2026-11-21T03:00:00Z");
});

test("a running step shows its heartbeat", () => {
  const text = draw(running, sizes[0]!, { progress: progressOf({ text: "82 MB of 200 MB", percent: 41 }) }).join("\n");
  expect(text).toContain("━━━━┄┄┄┄┄┄ 41 % · 82 MB of 200 MB");
});

test("an attempt that died is seen, before and after another worker has taken over", () => {
  const resumed = draw(running, sizes[0]!, { progress: progressOf({ attempt: 2 }) });
  expect(resumed.join("\n")).toContain("worker died, resumed (attempt 2)");
  const waits = draw(running, sizes[0]!, { progress: progressOf({ attempt: 2, queued: true }) });
  expect(waits.join("\n")).toContain("attempt 1 died, waits for a worker");
});

test("trouble stands at the top with its age and what helps", () => {
  const trouble = { message: "no worker answers", hint: "Start one.", since: start + 48_000 };
  const lines = draw(running, sizes[0]!, { trouble });
  expect(lines.slice(2, 4)).toEqual(["! no worker answers (12s)", "  Start one."]);
});

test("a phase with many components leaves out what is finished and says how many", () => {
  const record = structuredClone(samples.running);
  const [first] = record.steps;
  record.steps = Array.from({ length: 40 }, (_, n) => ({
    ...first!,
    id: `backup/c${n}`,
    phase: "backup",
    title: `Back up c${n}`,
    status: n < 37 ? "done" : "running",
    endedAt: n < 37 ? failure.at : null,
  }));
  const text = draw(record, sizes[0]!).join("\n");
  expect(text).toContain("… 37 done");
  expect(text).toContain("Back up c39");
});

test("a step that a child workflow does for the run is seen to be under way, and those before it to be over", () => {
  const record = changed("restore/control/shop", { status: "running", startedAt: failure.at, endedAt: null });
  const of = { component: "homes", claim: "shop" };
  Object.assign(
    record.steps.find(({ id }) => id === "restore/shop")!,
    { status: "pending", startedAt: null },
  );
  const lines = (text: string, components = record.components) => {
    const drawn = draw({ ...record, components }, sizes[1]!, { progress: progressOf({ text }) });
    return drawn
      .filter((line) => /Negative control.* shop |Restore shop/.test(line))
      .map((line) => line.trim().slice(0, 1));
  };
  const asVolume = record.components.map((one) => ({ ...one, of }));
  expect(lines("37 % restored", asVolume)).toEqual(["✔", expect.not.stringMatching("[·✔]")]);
  expect(
    draw({ ...record, components: asVolume }, sizes[1]!, { progress: progressOf({ text: "37 % restored" }) }).join(
      "\n",
    ),
  ).toContain("37 % restored");
  expect(lines("37 % restored")[1]).toBe("·");
});
