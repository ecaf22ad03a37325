import type { ComponentRecord, RunRecord } from "../../../src/report/record.ts";
import { at, changed, check, judged, ledger, noRto, sha256, shop, steps, stretches, type Times } from "./parts.ts";

export const shopChecks = [
  check("sentinel", "Sentinel of this run", `nonce with sha256 ${sha256.slice(0, 12)}`),
  check("tables", "Tables and row counts", "3 tables, 1,250,000 rows"),
  check("checksums", "Checksum of every table", "orders 5c1e9a, order_lines 77b0d2, customers e01f44"),
  check("sequences", "Sequences", "orders_id_seq 1250001, customers_id_seq 40001"),
  check("read", "Full read and amcheck", "3 tables and 4 indexes without damage"),
];

export const shopRecord: ComponentRecord = {
  ...shop,
  directory: "exercise-homelab-2026-11-21-0f8f2b11",
  target: "database shop on 127.0.0.1:5432",
  verdict: null,
  rto: { ...noRto, objectiveSeconds: 300 },
  rpo: { objectiveSeconds: 3600, seconds: null },
  backup: {
    id: "shop-20261121T030012Z",
    completedAt: at(21.4),
    bytes: 104_238_112,
    location: "/var/lib/firedrill/dumps/shop/shop-20261121T030012Z",
    sha256,
  },
  lostAt: at(38.8),
  newestRecoveredAt: at(21.4),
  provenAt: at(72.6),
  waits: [],
  checks: shopChecks,
};

export const ledgerRecord: ComponentRecord = {
  ...ledger,
  directory: "exercise-homelab-2026-11-21-0f8f2b11",
  target: "cluster of stanza ledger on 127.0.0.1:5433",
  verdict: null,
  rto: { ...noRto, objectiveSeconds: 600 },
  rpo: { objectiveSeconds: 60, seconds: null },
  backup: {
    id: "20261121-030013F",
    completedAt: at(30.2),
    bytes: 212_884_001,
    location: "repository /var/lib/pgbackrest, stanza ledger",
    sha256: null,
  },
  lostAt: at(39.1),
  newestRecoveredAt: at(38.2),
  provenAt: at(79.4),
  waits: [{ from: at(63.7), to: at(71.8) }],
  checks: [
    { ...shopChecks[0]! },
    {
      ...check("rows", "Row counts", "at least 2,000,000 rows in entries"),
      found: "2,004,118 rows in entries, written until the end",
      exact: false,
    },
    check("recovery", "Recovered to what was asked", "latest: end of archived WAL 0/3A000110"),
    check("read", "Full read and amcheck", "5 tables and 9 indexes without damage"),
  ],
};

const times: Times = {
  "preflight/shop": [0.4, 1.9, "PostgreSQL 15.14, 104 MB, 18.2 GB free, not in recovery"],
  "preflight/ledger": [0.4, 3.1, "PostgreSQL 15.14, pgBackRest 2.45, 212 MB, archiving works"],
  "preflight/guards": [3.1, 3.3, "nothing refused"],
  "plant/shop": [3.4, 4.1, "sentinel 9f86d081884c, heartbeat every second"],
  "plant/ledger": [3.4, 4.6, "sentinel 9f86d081884c, heartbeat every second"],
  "backup/shop": [4.7, 21.4, "3 tables, 1,250,000 rows, 104 MB"],
  "backup/proof/shop": [21.5, 26.2, "read back whole, sha256 9f86d081884c"],
  "backup/ledger": [4.7, 30.2, "full backup 20261121-030013F, 213 MB"],
  "backup/proof/ledger": [30.3, 38, "pgbackrest verify: 1,204 files, 0 damaged; WAL without gaps"],
  "destroy/guards": [38.1, 38.4, "nothing refused"],
  "destroy/shop": [38.5, 38.9, "database dropped, 4 connections closed"],
  "destroy/ledger": [38.5, 39.6, "server stopped, data directory removed"],
  "restore/control/shop": [39.7, 40.2, "5 of 5 checks failed, as they must"],
  "restore/control/ledger": [39.7, 40.4, "4 of 4 checks failed, as they must"],
  "restore/shop": [40.5, 66.1, "3 tables, 1,250,000 rows, 104 MB"],
  "restore/ledger": [40.5, 71.8, "213 MB, recovered to 0/3A000110"],
  "verify/shop": [66.2, 72.6, "5 of 5 checks passed"],
  "verify/place/shop": [72.7, 73, "renamed into place"],
  "verify/ledger": [71.9, 79.4, "4 of 4 checks passed"],
  "verify/place/ledger": [79.4, 79.7, "already in place"],
  "report/retention/shop": [79.8, 80, "7 dumps kept, 1 removed"],
  "report/retention/ledger": [79.8, 80, "left to pgBackRest"],
  "report/cleanup": [80.1, 80.9, "2 sentinels and heartbeats removed"],
  "report/files": [80.9, 81.3, "report.json, report.md, report.html"],
};

/** The times of those steps of the run that had ended at some second. */
export function upTo(second: number): Times {
  return Object.fromEntries(Object.entries(times).filter(([, [, to]]) => to <= second));
}

const ran: RunRecord = {
  version: 1,
  run: {
    workflowId: "exercise-homelab-2026-11-21",
    runId: "0199f3a2-5c1e-7d44-9a30-5a8f0f8f2b11",
    type: "exercise",
    scenario: "database",
    toTime: null,
    by: "anna",
    reason: "monthly drill",
  },
  plan: { name: "homelab", sha256, environment: "dev" },
  codeVersion: "0.1.0",
  directory: "/var/lib/firedrill/records/exercise-homelab-2026-11-21-0f8f2b11",
  startedAt: at(0),
  resumedAt: null,
  earlier: [],
  endedAt: at(81.3),
  status: "done",
  verdict: null,
  score: { proven: 0, total: 0 },
  summary: "",
  rto: noRto,
  rpo: { objectiveSeconds: 3600, seconds: null },
  components: [shopRecord, ledgerRecord],
  steps: steps("database", [shop, ledger], times),
  failure: null,
  refusals: [],
  pauses: [],
  approvals: null,
  ignoredDecisions: [],
  before: [
    {
      workflowId: "exercise-homelab-2026-09-05",
      startedAt: "2026-09-05T01:00:00.000Z",
      verdict: "PASS",
      rtoSeconds: 58.2,
      rpoSeconds: 4.1,
    },
    {
      workflowId: "exercise-homelab-2026-10-03",
      startedAt: "2026-10-03T01:00:00.000Z",
      verdict: "FAIL",
      rtoSeconds: null,
      rpoSeconds: null,
    },
  ],
  notices: [],
  diagnosis: [],
  leftovers: [],
};

/** PASS of two components: the worker was killed while it restored both, and the run went on by itself. */
export const passed = judged(
  changed(ran, {
    "restore/shop": { attempts: 2, stretches: stretches(["died", 40.5, 51.2], ["resuming", 55.9], ["ran", 66.1]) },
    "restore/ledger": { attempts: 2, stretches: stretches(["died", 40.5, 51.2], ["resuming", 56.4], ["ran", 71.8]) },
  }),
);
