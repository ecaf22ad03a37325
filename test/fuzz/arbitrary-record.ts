import fc from "fast-check";
import type { RunRecord } from "../../src/report/record.ts";

/** Records of the right form that say anything at all, also what no run could do. */

const hostile = fc.constantFrom(
  "<x-canary>",
  '"><x-canary x="',
  "'><x-canary>",
  "</style></title><x-canary>",
  "--><x-canary>",
  "]]><x-canary>",
  '" onx-canary="1',
  "' onx-canary='1",
  "&lt;x-canary&gt;",
  "javascript:x-canary",
  "\u0000<\u0000x-canary>",
  "<x-canary\u2028>",
);

const word = fc.oneof(
  { weight: 3, arbitrary: hostile },
  fc.string({ maxLength: 30 }),
  fc.string({ unit: "binary", maxLength: 10 }),
  fc.constantFrom("", "`", "|", "\n", "\u001b[31m"),
);
const time = fc
  .date({ min: new Date("0001-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true })
  .map((date) => date.toISOString());
const someTime = fc.option(time);
const number = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 0.001, 59.999, 3_600, 1e300, 1e306, -1e308),
);
const someNumber = fc.option(number);
const natural = fc.oneof(fc.nat(), fc.constantFrom(0, Number.MAX_SAFE_INTEGER));
const verdict = fc.constantFrom("PASS", "FAIL", "INCONCLUSIVE");
const list = <T>(of: fc.Arbitrary<T>, maxLength = 3) => fc.array(of, { maxLength });

const rto = fc.record({
  objectiveSeconds: someNumber,
  seconds: someNumber,
  machineSeconds: number,
  waitingSeconds: number,
  peopleSeconds: number,
});
const rpo = fc.record({ objectiveSeconds: someNumber, seconds: someNumber });
const names = fc.oneof(fc.constantFrom("shop", "ledger", "a.b"), word);

const check = fc.record({
  name: fc.oneof(
    fc.constantFrom("sentinel", "heartbeats", "tables", "place", "amcheck", "recovery", "not-empty"),
    word,
  ),
  title: word,
  proven: fc.boolean(),
  passed: fc.boolean(),
  exact: fc.boolean(),
  negativeControl: fc.option(fc.record({ passed: fc.boolean(), found: word })),
  expected: word,
  found: fc.oneof(fc.constantFrom("all equal", "3 heartbeats, 1 to 3", "OID 5, with the sentinel"), word),
});

const component = fc.record({
  name: names,
  kind: word,
  directory: word,
  target: word,
  verdict: fc.option(verdict),
  rto,
  rpo,
  backup: fc.option(
    fc.record({ id: word, completedAt: time, bytes: natural, location: word, sha256: fc.option(word) }),
  ),
  lostAt: someTime,
  newestRecoveredAt: someTime,
  provenAt: someTime,
  waits: list(fc.record({ from: time, to: time })),
  checks: list(check),
});

const step = fc.record({
  id: fc.oneof(
    fc.constantFrom(
      "preflight/shop",
      "preflight/guards",
      "verify/shop",
      "report/files",
      "report/cleanup",
      "restore/control/ledger",
    ),
    word,
  ),
  phase: fc.constantFrom(
    "preflight",
    "plant",
    "backup",
    "approve",
    "destroy",
    "rebuild",
    "restore",
    "verify",
    "report",
  ),
  title: word,
  component: fc.option(names),
  destroys: fc.boolean(),
  skippable: fc.boolean(),
  status: fc.constantFrom("pending", "running", "waiting", "done", "skipped", "aborted", "cancelled"),
  startedAt: someTime,
  endedAt: someTime,
  attempts: natural,
  failures: list(fc.record({ type: word, message: word, hint: word, at: time })),
  decisions: list(
    fc.record(
      {
        action: fc.constantFrom("retry", "skip", "abort"),
        by: word,
        reason: word,
        at: time,
        reloaded: fc.record({ sha256: word, changed: list(word) }),
      },
      { requiredKeys: ["action", "by", "reason", "at"] },
    ),
  ),
  stretches: list(
    fc.record({
      kind: fc.constantFrom("ran", "failed", "died", "resuming", "unanswered", "waited", "paused"),
      from: time,
      to: time,
    }),
    4,
  ),
  carriedOver: fc.boolean(),
  expectedSeconds: someNumber,
  note: fc.option(word),
});

const runStatus = fc.constantFrom(
  "running",
  "waiting",
  "closing",
  "done",
  "refused",
  "skipped",
  "aborted",
  "cancelled",
  "failed",
);

export const anyRecord = fc.record({
  version: fc.constant(1),
  run: fc.record({
    workflowId: word,
    runId: word,
    type: fc.constantFrom("exercise", "restore", "backup", "audit"),
    scenario: fc.constantFrom("database", "none"),
    toTime: someTime,
    by: word,
    reason: word,
  }),
  plan: fc.record({ name: word, sha256: word, environment: word }),
  codeVersion: word,
  directory: word,
  startedAt: time,
  resumedAt: someTime,
  earlier: list(
    fc.record({
      workflowId: word,
      runId: word,
      by: word,
      reason: word,
      startedAt: time,
      endedAt: time,
      status: runStatus,
      summary: word,
    }),
    2,
  ),
  endedAt: someTime,
  status: runStatus,
  verdict: fc.option(verdict),
  score: fc.record({ proven: natural, total: natural }),
  summary: word,
  rto,
  rpo,
  components: list(component),
  steps: list(step, 5),
  before: list(
    fc.record({ workflowId: word, startedAt: time, verdict, rtoSeconds: someNumber, rpoSeconds: someNumber }),
  ),
  failure: fc.option(fc.record({ type: word, message: word, hint: word, at: time })),
  refusals: list(fc.record({ guard: word, component: fc.option(word), message: word, hint: word })),
  pauses: list(
    fc.record({
      by: word,
      reason: word,
      at: time,
      ended: fc.option(fc.record({ by: word, reason: word, at: time })),
    }),
  ),
  approvals: fc.option(
    fc.record({
      needed: fc.integer({ min: 1, max: 3 }),
      from: fc.option(list(word)),
      withinSeconds: fc.integer({ min: 1, max: 100_000 }),
      given: list(fc.record({ by: word, reason: word, at: time })),
      refused: list(fc.record({ by: word, at: time, why: word })),
    }),
  ),
  ignoredDecisions: list(fc.record({ at: time, why: word })),
  notices: list(
    fc.record({
      event: fc.constantFrom("start", "waiting", "end"),
      step: fc.option(word),
      kind: word,
      entry: natural,
      at: time,
      sent: fc.option(natural),
      failed: natural,
      why: fc.option(word),
    }),
  ),
  diagnosis: list(fc.record({ object: word, cause: word, hint: word })),
  leftovers: list(fc.record({ what: word, where: word, why: word })),
}) as fc.Arbitrary<RunRecord>;
