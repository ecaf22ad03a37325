import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { WorkerConfig } from "../../src/config.ts";
import { parsePlan } from "../../src/plan/load.ts";
import { checkText, type Problem } from "../../src/plan/problems.ts";
import { Plan } from "../../src/plan/schema.ts";
import { type Json, json, mutated, spoilt, text } from "./mutations.ts";
import { runs, timeout } from "./runs.ts";

/** Whatever a person or a broken disk puts into a file: problems with their places, never an exception. */

const file = "plans/x.yaml";
const canary = "hunter2-CANARY";

const readers = [
  ["a plan", (text: string) => parsePlan(text, file).problems, readFileSync("examples/postgres.yaml", "utf8")],
  [
    "a worker's configuration",
    (text: string) => checkText(text, file, WorkerConfig).problems,
    readFileSync("examples/firedrill.yaml", "utf8"),
  ],
] as const;

/** Places are within the text, words are there, and no secret is among them. */
function wellFormed(problems: Problem[], text: string): void {
  const lines = text.split(/\r\n|\r|\n/);
  for (const problem of problems) {
    expect(problem.file).toBe(file);
    expect(problem.line).toBeGreaterThanOrEqual(1);
    expect(problem.line).toBeLessThanOrEqual(lines.length + 1);
    expect(problem.column).toBeGreaterThanOrEqual(1);
    expect(problem.message).toMatch(/\S/);
    // What stands between quotes is the plan's own text.
    expect(problem.message.replaceAll(/"(\\.|[^"\\])*"/g, '""')).not.toMatch(/undefined|\[object|\.$/);
    expect(problem.hint).toMatch(/\S/);
    expect(problem.hint.replaceAll(/"(\\.|[^"\\])*"/g, '""')).not.toMatch(/undefined|\[object/);
    expect(problem.path.replaceAll(/"(\\.|[^"\\])*"/g, '""')).not.toMatch(/undefined|\[object O/);
    expect(JSON.stringify(problem)).not.toContain(canary);
  }
}

/** Texts that once were too much; they are tried first. */
const earlier = [
  "__proto__: 1",
  "components: [{ __proto__: { kind: pgdump } }]",
  "? {a: 1}\n: b",
  "&a a: *a",
  "\ud800: 1",
  "- ".repeat(2_000),
];

describe.each(readers)("%s", (_, problemsOf, example) => {
  test("of any text", { timeout }, () => {
    fc.assert(
      fc.property(text, (text) => wellFormed(problemsOf(text), text)),
      { ...runs(1_500), examples: earlier.map((one): [string] => [one]) },
    );
  });

  test("of any value", { timeout }, () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = JSON.stringify(value);
        wellFormed(problemsOf(text), text);
      }),
      runs(500),
    );
  });

  test("of the example, with changed characters", { timeout }, () => {
    fc.assert(
      fc.property(mutated(example), (text) => wellFormed(problemsOf(text), text)),
      runs(500),
    );
  });

  test("of the example, with changed keys and values", { timeout }, () => {
    fc.assert(
      fc.property(spoilt(parse(example) as Json), (value) => {
        const text = stringify(value);
        wellFormed(problemsOf(text), text);
      }),
      runs(500),
    );
  });
});

/** A plan with a secret where a reference should stand, in all the shapes in which people write one. */
const leaky = fc.oneof(
  fc.constantFrom<Json>(
    canary,
    [canary],
    { [canary]: 1 },
    { env: canary },
    { env: `${canary} ` },
    { file: canary },
    { value: canary },
    { env: { x: canary } },
  ),
  spoilt({ env: canary, file: canary, [canary]: canary }),
);

test("a secret that stands in a plan is never repeated", { timeout }, () => {
  fc.assert(
    fc.property(leaky, fc.boolean(), (password, flow) => {
      const component = { name: "a", kind: "pgdump", database: "a", dumps: "/d", connection: { password } };
      const value = { name: "x", components: [component] };
      const text = flow ? JSON.stringify(value) : stringify(value);
      const { plan, problems } = parsePlan(text, file);
      if (plan === null) wellFormed(problems, text);
    }),
    runs(500),
  );
});

const duration = fc
  .tuple(fc.integer({ min: 1, max: 999 }), fc.constantFrom("ms", "s", "m", "h", "d"))
  .map(([amount, unit]) => `${amount}${unit}`);
const connection = (port: number) =>
  fc.record(
    {
      host: fc.constantFrom("db.lan", "10.0.0.1", "/run/postgresql"),
      port: fc.constant(port),
      user: fc.constantFrom("dr", "O'Neill", "ünï"),
      password: fc.constantFrom({ env: "P" }, { file: "/run/p" }),
      tls: fc.constantFrom("disable", "require"),
    },
    { requiredKeys: ["port"] },
  );
const pgdump = (n: number) =>
  fc.record(
    {
      name: fc.constant(`c${n}`),
      kind: fc.constant("pgdump"),
      database: fc.constantFrom("shop", "no: yes", "# a", "'", "null", "1"),
      dumps: fc.constant(`/backups/c${n}`),
      connection: connection(5000 + n),
      jobs: fc.integer({ min: 1, max: 64 }),
      retention: fc.record({ count: fc.integer({ min: 1, max: 100 }), age: duration }, { requiredKeys: [] }),
      keepFree: fc.constantFrom("1 GiB", "500 MB", "0 B"),
    },
    { requiredKeys: ["name", "kind", "database", "dumps", "connection"] },
  );
const pgbackrest = (n: number) =>
  fc.record(
    {
      name: fc.constant(`c${n}`),
      kind: fc.constant("pgbackrest"),
      stanza: fc.constant(`s${n}`),
      data: fc.constant(`/var/lib/postgresql/15/c${n}`),
      connection: connection(5000 + n),
      start: fc.array(fc.string({ maxLength: 10 }), { minLength: 1, maxLength: 3 }),
      backup: fc.constantFrom("full", "diff", "incr"),
    },
    { requiredKeys: ["name", "kind", "stanza", "data", "connection"] },
  );

/** Plans as people may write them, all of them right. */
const rightPlan = fc.record(
  {
    name: fc.constantFrom("x", "homelab", "a-1"),
    environment: fc.constantFrom("dev", "staging", "production"),
    owner: fc.record({
      team: fc.string({ maxLength: 20 }),
      contacts: fc.array(fc.string({ maxLength: 20 }), { maxLength: 3 }),
    }),
    objectives: fc.record({ rto: duration, rpo: duration }, { requiredKeys: [] }),
    components: fc
      .array(fc.boolean(), { minLength: 1, maxLength: 5 })
      .chain((kinds) => fc.tuple(...kinds.map((dump, n) => (dump ? pgdump(n) : pgbackrest(n))))),
  },
  { requiredKeys: ["name", "components"] },
);

test("a plan that is right says the same, however it is written", { timeout }, () => {
  fc.assert(
    fc.property(rightPlan, (value) => {
      const expected = Plan.parse(value);
      for (const text of [
        stringify(value),
        JSON.stringify(value),
        stringify(value, { defaultStringType: "QUOTE_SINGLE" }),
      ])
        expect(parsePlan(text, file)).toEqual({ plan: expected, problems: [] });
    }),
    runs(300),
  );
});

const many = 20_000;
const lines = (line: (n: number) => string) => Array.from({ length: many }, (_, n) => line(n)).join("");
const component = "name: x\ncomponents:\n- name: a\n  kind: pgdump\n  connection:\n    password:\n";

test.each([
  ["unknown keys", lines((n) => `k${n}: 1\n`)],
  ["one key many times", lines(() => "k: 1\n")],
  ["keys below a secret", component + lines((n) => `      k${n}: 1\n`)],
  ["keys beside a reference to a secret", `${component}      env: X\n${lines((n) => `      k${n}: 1\n`)}`],
  ["keys beside a misspelt reference to a secret", `${component}${lines((n) => `      k${n}: 1\n`)}      enw: X\n`],
  ["wrong components", `name: x\ncomponents:\n${lines(() => "- a: 1\n")}`],
  ["wrong components with a key twice", `name: x\ncomponents:\n${lines(() => "- {a: 1, a: 2}\n")}`],
  ["a deep list", `a: ${"[".repeat(many)}`],
  ["deep maps", `a: ${"{a: ".repeat(many)}`],
  ["aliases", `a: &a 1\nb: [${lines(() => "*a,")}]`],
  ["garbage", lines(() => ": }\n")],
])("%s by the ten thousand are told within seconds", { timeout: 60_000 }, (_, text) => {
  const begin = process.threadCpuUsage();
  const { problems } = parsePlan(text.slice(0, 1_048_576), file);
  const { user, system } = process.threadCpuUsage(begin);
  expect(problems.length).toBeGreaterThan(0);
  expect((user + system) / 1_000_000).toBeLessThan(8);
});
