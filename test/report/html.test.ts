import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { renderHtml } from "../../src/report/html.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { samples } from "../support/records.ts";

/** The page as a reader without eyes gets it: without tags, white space in one. */
function textOf(record: RunRecord): string {
  const body = renderHtml(record).replace(/^[\s\S]*<\/head>/, "");
  return body
    .replace(/<title>[\s\S]*?<\/title>/g, " ")
    .replace(/<[^>]*>/g, " ")
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&gt;/g, ">")
    .replace(/&lt;/g, "<")
    .replace(/&amp;/g, "&")
    .replace(/`/g, "")
    .replace(/\s+/g, " ");
}
const flat = (text: string) => text.replace(/`/g, "").replace(/\s+/g, " ");
const words = (record: RunRecord) => /<h1>[\s\S]*<\/svg>([\s\S]*)<\/h1>/.exec(renderHtml(record))?.[1]?.trim();

test.each([
  ["PASS", samples.passed],
  ["FAIL", samples.failed],
  ["INCONCLUSIVE", samples.inconclusive],
  ["REFUSED", samples.refused],
  ["SKIPPED", samples.skipped],
  ["WAITING FOR A PERSON", samples.running],
  ["FAIL", samples.cancelled],
  ["RUNNING", { ...samples.running, status: "running" as const }],
])("the headline is the word %s", (word, record) => {
  expect(words(record)).toBe(word);
});

describe.each(Object.entries(samples))("the page of a run that %s", (_, record) => {
  const text = textOf(record);
  const page = renderHtml(record);

  test("says who, why, what and which code", () => {
    const { run, plan, codeVersion, summary, directory } = record;
    const said = [run.by, run.reason, run.workflowId, run.runId, plan.name, plan.environment, plan.sha256];
    for (const word of [...said, codeVersion, summary, `${directory}/report.json`]) expect(text).toContain(flat(word));
    expect(text).toContain("2026-11-21 03:00:00 UTC");
  });

  test("has every step with its title and evidence", () => {
    for (const { id, title, note } of record.steps) {
      expect(page).toContain(`data-step="${id}"`);
      expect(text).toContain(`${title} `);
      expect(text).toContain(note ?? "");
    }
  });

  test("has every component with its backup and its checks", () => {
    for (const { name, target, backup, checks } of record.components) {
      const facts = [name, target, backup?.id, backup?.location, backup?.sha256];
      const ofChecks = checks.flatMap((c) => [c.title, c.expected, c.found, c.negativeControl?.found]);
      for (const fact of [...facts, ...ofChecks]) expect(text).toContain(fact ?? "");
    }
  });

  test("tells failures, decisions, refusals, diagnosis and leftovers", () => {
    const told = [
      ...record.steps.flatMap(({ failures }) => failures.flatMap((f) => [f.type, f.message, f.hint])),
      ...record.steps.flatMap(({ decisions }) => decisions.flatMap((d) => [`Decision: ${d.action}`, d.by, d.reason])),
      ...record.refusals.flatMap((r) => [r.guard, r.message, r.hint]),
      ...record.diagnosis.flatMap((d) => [d.cause, d.hint]),
      ...record.leftovers.flatMap((l) => [l.what, l.where, l.why]),
      ...record.ignoredDecisions.map(({ why }) => why),
    ];
    for (const words of told) expect(text).toContain(flat(words));
  });
});

test("the objectives say what was measured and whether it was met", () => {
  expect(textOf(samples.passed)).toContain(
    "RTO time until the data was back 41s met with 14m 19s to spare objective 15m",
  );
  const missed = structuredClone(samples.passed);
  missed.rto.objectiveSeconds = 30;
  expect(textOf(missed)).toContain("41s missed by 11s objective 30s");
  const free = structuredClone(samples.passed);
  free.rpo.objectiveSeconds = null;
  expect(textOf(free)).toContain("17s no objective");
  expect(textOf(samples.refused)).toContain("not measured objective 15m");
});

test("an exercise has a scenario, a restore a time, a backup neither", () => {
  const of = (run: Partial<RunRecord["run"]>) => textOf({ ...samples.passed, run: { ...samples.passed.run, ...run } });
  expect(of({})).toContain("Scenario database (destroyed and restored)");
  const restored = of({ type: "restore", toTime: "2026-11-21T03:00:00Z" });
  expect(restored).toContain("Restored to 2026-11-21T03:00:00Z");
  expect(of({ type: "restore" })).toContain("not judged, as the moment of the loss is not known");
  for (const text of [restored, of({ type: "backup", scenario: "none" })]) expect(text).not.toContain("Scenario");
});

test("recovery time is split between machine, target and people", () => {
  const record = structuredClone(samples.passed);
  Object.assign(record.rto, { machineSeconds: 20, waitingSeconds: 15.6, peopleSeconds: 5 });
  expect(textOf(record)).toContain("machine at work: 20s target coming back: 16s waiting for people: 5s");
});

test("the death of a worker is told, with the time until another one went on", () => {
  expect(textOf(samples.passed)).toContain("Worker died restore/shop The next worker went on after 4.7s.");
  expect(renderHtml(samples.passed)).toMatch(
    /data-step="restore\/shop"[\s\S]*?bar-died[\s\S]*?bar-resuming[\s\S]*?bar-ran/,
  );
});

test("only kinds of time that occurred are in the legend", () => {
  expect(textOf(samples.passed)).toContain("until a worker went on");
  expect(textOf(samples.failed)).not.toContain("until a worker went on");
  expect(textOf(samples.failed)).toContain("waited for a person");
});

test("a check that could not be asked has neither passed nor failed", () => {
  expect(textOf(samples.inconclusive)).toContain("Sentinel of this run sentinel no answer not proven");
  expect(textOf(samples.inconclusive)).toContain("passed: proves nothing");
});

test("what a refusal says is not said again as a diagnosis", () => {
  const { message } = samples.refused.refusals[0]!;
  expect(textOf({ ...samples.refused, summary: "" }).split(message)).toHaveLength(2);
});

test("a step that another run had done is not drawn as done by this one", () => {
  const record = structuredClone(samples.passed);
  Object.assign(record.steps[0]!, { carriedOver: true });
  const row = /data-step="preflight\/shop"[\s\S]*?<\/li>/.exec(renderHtml(record))![0];
  expect(row).toContain("carried over");
  expect(row).not.toContain("bar-ran");
});

/** Every text of a record becomes hostile, except what the type restricts. */
function poisoned(poison: string): RunRecord {
  const restricted = new Set(["verdict", "status", "type", "scenario", "phase", "kind", "action"]);
  const spoil = (value: unknown, key: string): unknown => {
    if (Array.isArray(value)) return value.map((one) => spoil(one, key));
    if (value !== null && typeof value === "object")
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, spoil(one, name)]));
    if (typeof value !== "string" || restricted.has(key) || /^\d{4}-\d\d-\d\dT/.test(value)) return value;
    return poison;
  };
  return spoil(samples.failed, "") as RunRecord;
}

test("nothing in a record becomes markup", () => {
  const page = renderHtml(poisoned(`"><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;`));
  expect(page).not.toMatch(/<script|<img/i);
  expect(page).not.toMatch(/="[^"]*"><\/?script/);
  expect(page).toContain("&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(page).toContain("&amp;amp;");
});

test("characters that would deceive a reader are replaced", () => {
  const page = renderHtml(poisoned("evil\u202etxt.exe\u0000\u001b[2J"));
  expect(page).not.toMatch(/[\u202e\u0000\u001b]/); // oxlint-disable-line no-control-regex
  expect(page).toContain("evil\ufffdtxt.exe");
});

test("the page allows itself its own style and nothing else", () => {
  const page = renderHtml(samples.passed);
  const style = /<style>([\s\S]*?)<\/style>/.exec(page)![1]!;
  const hash = createHash("sha256").update(style).digest("base64");
  const quoted = page.replace(/&#39;/g, "'");
  expect(quoted).toContain(`content="default-src 'none'; style-src 'sha256-${hash}'; img-src data:;`);
  expect(page).not.toMatch(/ style="|<script|@import|(?:src|href)="(?!data:)|url\((?!#)/);
});
