import chalk from "chalk";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { viewLines } from "../../src/cli/view.ts";
import { eventLines } from "../../src/cli/view/events.ts";
import { summaryLines } from "../../src/cli/view/summary.ts";
import { renderHtml } from "../../src/report/html.ts";
import { renderMarkdown } from "../../src/report/markdown.ts";
import { recheck } from "../../src/report/recheck.ts";
import { differences } from "../../src/report/recheck/differences.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { visible } from "../../src/report/safe-text.ts";
import { parseRecord } from "../../src/report/schema.ts";
import { seal } from "../../src/report/seal.ts";
import { judge } from "../../src/report/verdict.ts";
import { samples } from "../support/records.ts";
import { anyRecord } from "./arbitrary-record.ts";
import { type Json, json, spoilt } from "./mutations.ts";
import { runs, timeout } from "./runs.ts";

// Colours are escape codes too, and ours.
beforeAll(() => void (chalk.level = 0));

const copy = (record: RunRecord) => JSON.parse(JSON.stringify(record)) as RunRecord;
const sample = fc.constantFrom(...Object.values(samples)).map(copy);

const size = { columns: 80, rows: 40 };
const sceneOf = (record: RunRecord) => ({
  record,
  progress: new Map(),
  trouble: null,
  answering: null,
  now: 0,
  frame: 0,
});

/** Elements and attributes of a page, with quotes respected. */
function markup(page: string): { elements: Set<string>; attributes: Set<string> } {
  const [elements, attributes] = [new Set<string>(), new Set<string>()];
  for (const [, name, rest] of page.matchAll(
    /<\/?([a-zA-Z][^\s/>]*)((?:\s+[^\s=/>]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))?)*)\s*\/?>/g,
  )) {
    elements.add(name!.toLowerCase());
    for (const [, attribute] of rest!.matchAll(/\s+([^\s=/>]+)(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))?/g))
      attributes.add(attribute!.toLowerCase());
  }
  return { elements, attributes };
}

describe("of any record", () => {
  test("reports are written, and text never becomes markup", { timeout }, () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const page = renderHtml(record);
        const { elements, attributes } = markup(page);
        expect([...elements].filter((name) => name.includes("canary"))).toEqual([]);
        expect([...attributes].filter((name) => name.includes("canary"))).toEqual([]);
        expect(page).not.toMatch(/<[^>]{0,3}x-canary/);
        // Between backticks nothing is markup.
        const prose = renderMarkdown(record).replaceAll(/(?<!(?<!\\)(?:\\\\)*\\)`[^`]*`/g, "");
        expect(prose).not.toMatch(/(?<!\\)<x-canary/);
        const lines = [...summaryLines(record), ...eventLines(null, record), ...viewLines(sceneOf(record), size)];
        for (const text of [lines.join("\n"), page, renderMarkdown(record)]) expect(visible(text)).toBe(text);
      }),
      runs(300),
    );
  });

  test("it is the same after it was written and read", { timeout }, () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const read = parseRecord(JSON.stringify(record), "x");
        expect(read).toEqual(copy(record));
        expect(seal(read)).toBe(seal(record));
      }),
      runs(300),
    );
  });

  test("the recheck ends, names places, and believes no verdict but its own", { timeout }, () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const { found } = recheck(copy(record));
        for (const { path } of found) expect(path).toEqual(expect.any(String));
        const judged = judge(record);
        if (record.endedAt !== null && record.verdict !== judged.verdict)
          expect(found.map(({ path }) => path)).toContain("verdict");
      }),
      runs(300),
    );
  });

  test("what is judged once is judged the same again", { timeout }, () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const once = { ...record, ...judge(record) };
        expect(copy({ ...once, ...judge(once) })).toEqual(copy(once));
      }),
      runs(200),
    );
  });

  test("PASS is said only where every check is proven and every step is done", { timeout }, () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const { verdict, score } = judge(record);
        if (verdict !== "PASS") return;
        expect(record.status).toBe("done");
        expect(score.proven).toBe(score.total);
        expect(lacking(record)).toEqual([]);
        for (const { name } of record.components)
          for (const step of record.steps.filter(({ component }) => component === name))
            expect(step.status).toBe("done");
      }),
      runs(300),
    );
  });
});

/** Components that an exercise brought back, with an objective and no measurement. */
function lacking({ run, components }: RunRecord): string[] {
  const aimed = components.filter(
    ({ rpo, lostAt, newestRecoveredAt }) =>
      rpo.objectiveSeconds !== null && lostAt !== null && newestRecoveredAt === null,
  );
  return run.type === "exercise" ? aimed.map(({ name }) => name) : [];
}

test("the recheck of any value ends and finds something", { timeout }, () => {
  fc.assert(
    fc.property(json, (value) => {
      expect(recheck(value).found).not.toEqual([]);
    }),
    { ...runs(500), examples: [[null], [[]], [{ __proto__: null }], [{ steps: "x" }]] },
  );
});

test("a record with changed values never becomes a PASS without a word", { timeout }, () => {
  fc.assert(
    fc.property(
      sample.chain((record) => spoilt(record as unknown as Json).map((changed) => ({ record, changed }))),
      ({ record, changed }) => {
        const { found } = recheck(changed);
        const says = (changed as { verdict?: unknown } | null)?.verdict;
        if (says === "PASS" && record.verdict !== "PASS") expect(found).not.toEqual([]);
      },
    ),
    runs(500),
  );
});

test("two values differ in no place exactly when they are the same", { timeout }, () => {
  fc.assert(
    fc.property(json, json, (a, b) => {
      expect(differences(a, structuredClone(a))).toEqual([]);
      const same = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
      expect(differences(a, b).length === 0).toBe(same);
    }),
    runs(500),
  );
});

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inside]) => [key, sorted(inside)]),
  );
}
