import { describe, expect, test } from "vitest";
import { renderMarkdown } from "../../src/report/markdown.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { samples } from "../support/records.ts";

describe.each(Object.entries(samples))("the Markdown of a run that %s", (_, record) => {
  const text = renderMarkdown(record);

  test("starts with the verdict and the summary", () => {
    const [first, empty, summary] = text.split("\n");
    const word =
      { refused: "REFUSED", skipped: "SKIPPED", waiting: "WAITING FOR A PERSON" }[record.status as string] ??
      record.verdict;
    expect(first).toMatch(new RegExp(`^## \\S+ ${word}: exercise of homelab$`));
    expect(empty).toBe("");
    expect(summary).toBe(record.summary);
  });

  test("has every step, component and interruption", () => {
    for (const { id } of record.steps) expect(text).toContain(`| \`${id}\` |`);
    for (const { name, backup } of record.components) {
      expect(text).toContain(`| **${name}**<br>`);
      expect(text).toContain(backup?.id ?? "");
    }
    for (const { failures, decisions } of record.steps) {
      for (const { type, message } of failures) expect(text).toContain(`**${type}**: ${message}`);
      for (const { action, by, reason } of decisions) expect(text).toContain(`**${action}** by ${by}: “${reason}”`);
    }
    for (const { what, where, why } of record.leftovers) expect(text).toContain(`- **${what}** at ${where}: ${why}`);
    for (const { message } of record.refusals) expect(text).toContain(message);
  });

  test("each table has as many cells in every row, and an empty line before it", () => {
    const lines = text.split("\n");
    let width = 0;
    lines.forEach((line, n) => {
      if (!line.startsWith("|")) return;
      const cells = line.match(/(?<!\\)\|/g)!.length;
      if (!lines[n - 1]!.startsWith("|")) {
        expect(lines[n - 1]).toBe("");
        width = cells;
      }
      expect(cells, line).toBe(width);
    });
  });

  test("every fold is closed, and has the empty lines without which its table would not be one", () => {
    expect(text.match(/<details>\n<summary>.*<\/summary>\n\n/g)?.length).toBe(text.split("<details>").length - 1);
    expect(text.split("\n\n</details>").length).toBe(text.split("<details>").length);
  });
});

test("objectives are met or missed in words and signs", () => {
  expect(renderMarkdown(samples.passed)).toContain("| **RTO** | 41s | 15m | ✅ met with 14m 19s to spare |");
  expect(renderMarkdown(samples.failed)).toContain("| **RTO** | – | 15m | not measured |");
  expect(renderMarkdown(samples.failed)).toContain("❌ 40s of 30s");
});

test("the death of a worker is told", () => {
  expect(renderMarkdown(samples.passed)).toContain(
    "2026-11-21 03:00:51 UTC · `restore/shop` · 💥 the worker died; the next one went on after 4.7s",
  );
});

describe("what was lost, or gone back to", () => {
  const of = (run: Partial<RunRecord["run"]>) => {
    const record = structuredClone(samples.passed);
    Object.assign(record.run, run);
    return renderMarkdown(record);
  };

  test("an exercise has a scenario, a restore a time, a backup neither", () => {
    expect(of({})).toContain("| scenario | database (destroyed and restored) |");
    expect(of({ type: "restore", toTime: "2026-11-21T03:00:00Z" })).toContain("| restored to | 2026-11-21T03:00:00Z |");
    expect(of({ type: "restore" })).toContain("| restored to | the newest data of the backup |");
    for (const text of [of({ type: "restore" }), of({ type: "backup", scenario: "none" })])
      expect(text).not.toMatch(/scenario|destroyed and restored|beside the live one/);
    expect(of({ type: "backup", scenario: "none" })).not.toContain("restored to");
  });

  test("a restore says which data is newest, and judges no RPO that it cannot know", () => {
    expect(of({ type: "restore" })).toContain("not judged, as the moment of the loss is not known");
    expect(of({ type: "restore" })).toContain("Newest data recovered: 2026-11-21 03:00:38 UTC");
    expect(of({ type: "restore", toTime: "2026-11-21T03:00:00Z" })).not.toContain("not judged");
  });
});

describe("what a record holds stays text", () => {
  const decide = (reason: string) => {
    const record = structuredClone(samples.failed);
    record.run.reason = reason;
    record.steps[0]!.note = reason;
    record.components[0]!.checks[0]!.found = reason;
    record.summary = reason;
    return renderMarkdown(record);
  };

  test.each([
    ["HTML", "<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"],
    ["an end of a cell", "a | b", "a \\| b"],
    ["an escaped end of a cell", "a \\| b", "a \\\\\\| b"],
    ["a line break", "a\n\n| b", "a<br>\\| b"],
    ["an entity", "&lt;b&gt;", "&amp;lt;b&amp;gt;"],
    ["a link", "[here](http://evil.example)", "\\[here\\](http://evil.example)"],
    ["emphasis", "*all* _right_ snake_case", "\\*all\\* \\_right\\_ snake_case"],
    ["somebody's name", "thanks @anna", "thanks @&#8203;anna"],
    ["the end of a fold", "</details>", "&lt;/details&gt;"],
    ["what moves a cursor or turns text around", "a\u001b[2J\u009b\u202eb\u0007", "a\\[2Jb"],
  ])("%s", (_, hostile, escaped) => {
    const text = decide(hostile);
    expect(text.split(escaped).length - 1).toBe(4);
  });

  test("a heading or a list at the start of a line", () => {
    expect(decide("# PASS").split("\n")[2]).toBe("\\# PASS");
    expect(decide("1. all good").split("\n")[2]).toBe("1\\. all good");
  });

  test("names in code cannot leave it", () => {
    const record = structuredClone(samples.passed);
    record.run.workflowId = "a`<b>|`\u001b\u202ec";
    expect(renderMarkdown(record)).toContain("`a'<b>\\|'c`");
  });
});
