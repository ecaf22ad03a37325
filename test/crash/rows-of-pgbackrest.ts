import { type Moments, points, row, type Row, threeMoments } from "./row.ts";

const plan = points("1");
const inspect = points("preflight/ledger");
const plant = points("plant/ledger");
const backup = points("backup/ledger");
const proof = points("backup/proof/ledger");
const destroy = points("destroy/ledger");
const control = points("restore/control/ledger");
const restore = points("restore/ledger");
const verify = points("verify/ledger");
const place = points("verify/place/ledger");
const retain = points("report/retention/ledger");
const cleanup = points("report/cleanup");
const files = points("report/files");

export const moments: Moments = {
  "1": { before: plan.fileBegins("rename .*/run.json"), during: plan.fileDone("rename .*/run.json") },
  "preflight/ledger": {
    before: inspect.begins,
    during: inspect.fileBegins("rename .*/cluster.ledger.json"),
  },
  "plant/ledger": {
    before: plant.sqlBegins("^create schema"),
    during: plant.sqlDone("^insert into firedrill.sentinel"),
  },
  "backup/ledger": { before: backup.startsJob, during: backup.jobRuns("pgbackrest backup") },
  "backup/proof/ledger": {
    before: proof.startsProgram("pgbackrest check"),
    during: proof.jobRuns("pgbackrest verify"),
  },
  "destroy/ledger": {
    before: destroy.startsProgram("immediate .* stop"),
    during: destroy.fileDone("rm .*/data/base$"),
  },
  "restore/control/ledger": { before: control.begins, during: control.connects("^shop$") },
  "restore/ledger": { before: restore.startsJob, during: restore.jobRuns("pgbackrest restore") },
  "verify/ledger": { before: verify.connects("^shop$"), during: verify.sqlDone("amcheck") },
  "verify/place/ledger": { before: place.startsProgram("fast .* stop"), during: place.program("-t 300 start") },
  "report/retention/ledger": {
    before: retain.startsProgram("pgbackrest expire"),
    during: retain.program("pgbackrest expire"),
  },
  "report/cleanup": { before: cleanup.sqlBegins("^lock table"), during: cleanup.sqlDone("^drop table") },
  "report/files": { before: files.fileBegins("report.json"), during: files.fileDone("report.md") },
};

const backrestBackup = backup.jobRuns("pgbackrest backup");
const backrestRestore = restore.jobRuns("pgbackrest restore");
const real = { type: "restore" } as const;
const beside = { scenario: "none" } as const;

export const rows: Row[] = [
  ...threeMoments(moments),

  row("backup/ledger", "fingerprint is taken", backup.fileDone("rename .*/fingerprint.ledger.json")),
  row("backup/ledger", "WAL is switched", backup.sqlDone("pg_switch_wal")),
  row("backup/proof/ledger", "pgbackrest check begins", proof.program("pgbackrest check")),
  row("destroy/ledger", "pg_ctl stop begins", destroy.program("immediate .* stop")),
  row("destroy/ledger", "data directory is empty", destroy.fileDone("rm .*/data/global$")),
  row("restore/ledger", "private server starts", restore.program("pg_ctl .* start")),
  row("restore/ledger", "recovery is noted", restore.fileDone("rename .*/recovered.ledger.json")),
  row("verify/place/ledger", "archiving is turned on again", place.fileDone("rename .*/postgresql.auto.conf")),
  row("verify/place/ledger", "pgbackrest check begins", place.program("pgbackrest check")),

  row("backup/ledger", "pgbackrest begins", backrestBackup, { victim: "program", restarts: true }),
  row("backup/ledger", "pgbackrest begins", backrestBackup, { victim: "supervisor", restarts: true }),
  row("restore/ledger", "pgbackrest begins", backrestRestore, { victim: "program and worker", restarts: true }),
  row("restore/ledger", "pgbackrest begins", backrestRestore, { victim: "supervisor and worker", restarts: true }),

  row("backup/ledger", "pgbackrest begins", backrestBackup, { victim: "everything", restarts: true }),
  row("destroy/ledger", "half empty", moments["destroy/ledger"]!.during, { victim: "everything" }),
  row("restore/ledger", "pgbackrest begins", backrestRestore, { victim: "everything", restarts: true }),
  row("verify/place/ledger", "server starts", moments["verify/place/ledger"]!.during, { victim: "everything" }),

  row("destroy/ledger", "half empty", moments["destroy/ledger"]!.during, { victim: "worker beside another" }),
  row("destroy/ledger", "about to stop", moments["destroy/ledger"]!.before, { victim: "worker, twice" }),
  row("verify/place/ledger", "about to stop", moments["verify/place/ledger"]!.before, { victim: "worker, twice" }),

  row("restore/ledger", "moved aside", restore.fileDone("rename .*/pg/data$"), real),
  row("restore/ledger", "during", backrestRestore, real),
  row("restore/ledger", "during", backrestRestore, beside),
  row("report/cleanup", "scratch is removed", cleanup.fileDone("rm .*/scratch/ledger$"), beside),
];
