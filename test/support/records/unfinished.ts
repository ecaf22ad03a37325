import type { ComponentRecord, RunRecord } from "../../../src/report/record.ts";
import { at, changed, judged, ledger, noRto, shop, steps, stretches } from "./parts.ts";
import { ledgerRecord, passed, shopRecord, upTo } from "./passed.ts";

const unjudged: Pick<RunRecord, "verdict" | "score" | "rto" | "rpo"> = {
  verdict: null,
  score: { proven: 0, total: 0 },
  rto: noRto,
  rpo: { objectiveSeconds: 3600, seconds: null },
};
const unproven: Partial<ComponentRecord> = { newestRecoveredAt: null, provenAt: null, waits: [], checks: [] };

/** REFUSED by three guards before anything was touched. */
export const refused = judged(
  changed(
    {
      ...passed,
      ...unjudged,
      plan: { ...passed.plan, environment: "production" },
      endedAt: at(4),
      status: "refused",
      components: [shopRecord, ledgerRecord].map((one) => ({ ...one, ...unproven, backup: null, lostAt: null })),
      steps: steps("database", [shop, ledger], upTo(3.3)),
      refusals: [
        {
          guard: "production",
          component: null,
          message: "the plan's environment is production",
          hint: "Run it with --scenario none, which destroys nothing.",
        },
        {
          guard: "allow-list",
          component: "shop",
          message: "database shop on 127.0.0.1:5432 is not among the targets that this worker may destroy",
          hint: "Add `postgres/7301234567890123456/shop` to mayDestroy in the worker's configuration.",
        },
        {
          guard: "blast-radius",
          component: "ledger",
          message: "the pgBackRest repository lies inside the data directory /var/lib/postgresql/15/ledger",
          hint: "Move the repository out of what will be destroyed.",
        },
      ],
    },
    { "preflight/guards": { status: "aborted", note: "3 refused" } },
  ),
);

/** Begun by a schedule while another run worked on one of its targets. */
export const skipped = judged(
  changed(
    {
      ...refused,
      run: {
        ...refused.run,
        workflowId: "exercise-homelab-2026-12-05T02:00:00Z",
        by: "schedule exercise",
        reason: "first saturday at 03:00 Europe/Berlin",
        scheduled: true,
      },
      directory: "/var/lib/firedrill/records/exercise-homelab-2026-12-05T02_00_00Z-0f8f2b11",
      status: "skipped",
      refusals: [
        {
          guard: "lock",
          component: "shop",
          message: "database shop on 127.0.0.1:5432 is being worked on by run nightly-1: backup of plan nightly",
          hint: "Wait until it has ended.",
          passes: true,
        },
      ],
    },
    { "preflight/guards": { status: "aborted", note: "1 refused" } },
  ),
);

/** A run in its restore phase: one step runs, one waits for a person. */
export const running = changed(
  {
    ...passed,
    ...unjudged,
    endedAt: null,
    status: "waiting",
    summary: "restore/shop waits for a person: no space left on /var/lib/postgresql.",
    components: [shopRecord, ledgerRecord].map((one) => ({ ...one, ...unproven })),
    steps: steps("database", [shop, ledger], upTo(40.4)),
  },
  {
    "restore/shop": {
      status: "waiting",
      attempts: 1,
      startedAt: at(40.5),
      expectedSeconds: 24,
      stretches: stretches(["failed", 40.5, 52.7]),
      failures: [
        {
          type: "DISK_FULL",
          message: "no space left on /var/lib/postgresql (2.1 GB needed, 40 MB free)",
          hint: "Free space on the file system that the message names; then retry.",
          at: at(52.7),
        },
      ],
    },
    "restore/ledger": { status: "running", attempts: 1, startedAt: at(40.5), expectedSeconds: 31 },
  },
);

/** Cancelled while both were being restored; two things could not be removed, and one decision came too late. */
export const cancelled = judged(
  changed(
    {
      ...running,
      run: { ...passed.run, workflowId: "exercise-homelab-cancelled" },
      directory: "/var/lib/firedrill/records/exercise-homelab-cancelled-0f8f2b11",
      endedAt: at(58.9),
      status: "cancelled",
      leftovers: [
        {
          what: "database shop_firedrill_0199f3a2",
          where: "127.0.0.1:5432",
          why: "half restored, and the server did not answer any more",
        },
        {
          what: "data directory",
          where: "/var/lib/postgresql/15/ledger.firedrill-0199f3a2",
          why: "permission denied when it was removed",
        },
      ],
      ignoredDecisions: [{ at: at(57.8), why: "restore/shop does not wait for a decision" }],
    },
    {
      "restore/shop": {
        status: "cancelled",
        endedAt: at(57),
        stretches: stretches(["failed", 40.5, 52.7], ["waited", 57]),
      },
      "restore/ledger": { status: "cancelled", endedAt: at(57), stretches: stretches(["failed", 40.5, 57]) },
      "report/cleanup": {
        status: "done",
        startedAt: at(57),
        endedAt: at(58.5),
        attempts: 1,
        stretches: stretches(["ran", 57, 58.5]),
        note: "2 leftovers",
      },
      "report/files": {
        status: "done",
        startedAt: at(58.5),
        endedAt: at(58.9),
        attempts: 1,
        stretches: stretches(["ran", 58.5, 58.9]),
      },
    },
  ),
);
