import type { StepFailure } from "../../../src/report/record.ts";
import { at, changed, check, judged, ledger, shop, steps, stretches } from "./parts.ts";
import { ledgerRecord, passed, shopChecks, shopRecord, upTo } from "./passed.ts";

const checksFailed: Omit<StepFailure, "at"> = {
  type: "CHECKS_FAILED",
  message: "2 of 5 checks failed: tables, checksums",
  hint: "Retry checks again; skip puts it into place all the same (the verdict stays FAIL); abort keeps it beside.",
};

/** FAIL: checks failed; a person retried, another one then put the data into place; ledger missed its objective. */
export const failed = judged(
  changed(
    {
      ...passed,
      endedAt: at(702.4),
      components: [
        {
          ...shopRecord,
          provenAt: null,
          checks: [
            shopChecks[0]!,
            check("tables", "Tables and row counts", "3 tables, 1,250,000 rows", "3 tables, 1,248,796 rows"),
            { ...shopChecks[2]!, passed: false, found: "orders 5c1e9a, order_lines 0d1f88, customers e01f44" },
            ...shopChecks.slice(3),
          ],
        },
        { ...ledgerRecord, rto: { ...ledgerRecord.rto, objectiveSeconds: 30 } },
      ],
      steps: steps("database", [shop, ledger], {
        ...upTo(79.7),
        "verify/shop": [66.2, 693.7, "3 of 5 checks passed"],
        "verify/place/shop": [693.8, 694.1, "renamed into place"],
        "report/retention/shop": [694.2, 694.3, "nothing removed, since not all is proven"],
        "report/retention/ledger": [694.2, 694.3, "left to pgBackRest"],
        "report/cleanup": [694.4, 701.9],
        "report/files": [702, 702.4],
      }),
    },
    {
      "verify/shop": {
        status: "skipped",
        attempts: 2,
        expectedSeconds: 6,
        stretches: stretches(["failed", 66.2, 79.8], ["waited", 379.8], ["failed", 393.7], ["waited", 693.7]),
        failures: [
          { ...checksFailed, at: at(79.8) },
          { ...checksFailed, at: at(393.7) },
        ],
        decisions: [
          { action: "retry", by: "anna", reason: "was somebody writing while it was checked?", at: at(379.8) },
          { action: "skip", by: "bernd", reason: "the shop must be up at 04:00", at: at(693.7) },
        ],
      },
    },
  ),
);

/** INCONCLUSIVE: a step was skipped, and a check passed while the data was lost. Nothing was destroyed. */
export const inconclusive = judged(
  changed(
    {
      ...passed,
      run: {
        ...passed.run,
        workflowId: "exercise-shop-scratch",
        scenario: "none",
        by: "schedule",
        reason: "weekly restore test",
      },
      directory: "/var/lib/firedrill/records/exercise-shop-scratch-0f8f2b11",
      endedAt: at(62),
      components: [
        {
          ...shopRecord,
          lostAt: at(26.4),
          newestRecoveredAt: null,
          provenAt: at(60),
          checks: [
            { ...shopChecks[0]!, passed: false, proven: false, found: "the schema firedrill is not readable" },
            ...shopChecks.slice(1, 4),
            { ...shopChecks[4]!, proven: false, negativeControl: { passed: true, found: "0 tables without damage" } },
          ],
        },
      ],
      steps: steps("none", [shop], {
        ...upTo(26.2),
        "restore/control/shop": [26.3, 26.9, "4 of 5 checks failed, 1 passed"],
        "restore/shop": [27, 52.2, "into shop_firedrill_0199f3a2"],
        "verify/shop": [52.3, 60.1, "4 of 5 checks passed"],
        "report/retention/shop": [60.1, 61.2],
        "report/cleanup": [61.2, 61.6, "shop_firedrill_0199f3a2 dropped"],
        "report/files": [61.6, 62],
      }),
    },
    {
      "report/retention/shop": {
        status: "skipped",
        stretches: stretches(["failed", 60.1, 60.2], ["waited", 61.2]),
        failures: [
          {
            type: "PERMISSION_DENIED",
            message: "the worker may not write /var/lib/firedrill/dumps/shop (EACCES)",
            hint: "Give the worker's user the right to write there; then retry.",
            at: at(60.2),
          },
        ],
        decisions: [{ action: "skip", by: "clara", reason: "the old dumps stay this time", at: at(61.2) }],
      },
    },
  ),
);
