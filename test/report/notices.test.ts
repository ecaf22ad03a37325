import { expect, test } from "vitest";
import { renderHtml } from "../../src/report/html.ts";
import { renderMarkdown } from "../../src/report/markdown.ts";
import { seal } from "../../src/report/seal.ts";
import { untold } from "../../src/report/words.ts";
import { samples } from "../support/records.ts";

const at = samples.passed.startedAt;
const one = { event: "start", step: null, kind: "slack", entry: 0, at, sent: 1, failed: 0, why: null } as const;
const record = {
  ...samples.passed,
  notices: [
    one,
    {
      ...one,
      event: "waiting" as const,
      step: "restore/shop",
      kind: "email",
      entry: 1,
      sent: 3,
      failed: 2,
      why: "no <answer>",
    },
  ],
};

test("reports name the notices that were not sent, and no others", () => {
  expect(untold(record)).toEqual([
    { what: "email, notify[1]: waiting at restore/shop", why: "2 of 5 not sent: no <answer>" },
  ]);
  expect(renderMarkdown(record)).toContain("2 of 5 not sent: no &lt;answer&gt;");
  expect(renderHtml(record)).toContain("2 of 5 not sent: no &lt;answer&gt;");
  expect(renderMarkdown({ ...record, notices: [one] })).not.toContain("not sent");
  expect(renderHtml({ ...record, notices: [one] })).not.toContain("Not told");
});

test("the seal is the same before and after the last notice, which comes after it", () => {
  expect(seal(record)).toBe(seal(samples.passed));
  expect(seal({ ...record, summary: "" })).not.toBe(seal(samples.passed));
});
