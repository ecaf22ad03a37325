import { type Moments, points, row, type Row, threeMoments } from "./row.ts";

const plan = points("1");
const inspect = points("preflight/shop");
const plant = points("plant/shop");
const backup = points("backup/shop");
const proof = points("backup/proof/shop");
const destroy = points("destroy/shop");
const control = points("restore/control/shop");
const restore = points("restore/shop");
const verify = points("verify/shop");
const place = points("verify/place/shop");
const retain = points("report/retention/shop");
const cleanup = points("report/cleanup");
const files = points("report/files");

export const moments: Moments = {
  "1": { before: plan.fileBegins("rename .*/run.json"), during: plan.fileDone("rename .*/run.json") },
  "preflight/shop": { before: inspect.begins, during: inspect.fileBegins("rm .*firedrill-probe$") },
  "plant/shop": { before: plant.sqlBegins("^create schema"), during: plant.sqlDone("^insert into firedrill.sentinel") },
  "backup/shop": { before: backup.startsJob, during: backup.jobRuns("pg_dump --format") },
  "backup/proof/shop": { before: proof.startsJob, during: proof.jobRuns("pg_restore --exit-on-error") },
  "destroy/shop": { before: destroy.sqlBegins("^drop database"), during: destroy.sqlDone("^drop database") },
  "restore/control/shop": { before: control.begins, during: control.connects("^shop$") },
  "restore/shop": { before: restore.sqlBegins("^create database"), during: restore.jobRuns("pg_restore --jobs") },
  "verify/shop": { before: verify.connects("^shop_firedrill"), during: verify.sqlDone("amcheck") },
  "verify/place/shop": { before: place.sqlBegins("rename to"), during: place.sqlDone("rename to") },
  "report/retention/shop": { before: retain.fileBegins("rm .*/dumps/"), during: retain.fileDone("rm .*/dumps/") },
  "report/cleanup": { before: cleanup.sqlBegins("^lock table"), during: cleanup.sqlDone("^drop table") },
  "report/files": { before: files.fileBegins("report.json"), during: files.fileDone("report.md") },
};

const pgDump = backup.jobRuns("pg_dump --format");
const pgRestore = restore.jobRuns("pg_restore --jobs");
const real = { type: "restore" } as const;
const beside = { scenario: "none" } as const;

export const rows: Row[] = [
  ...threeMoments(moments),

  row("plant/shop", "heartbeat's supervisor starts", plant.program("supervisor")),
  row("backup/shop", "supervisor starts", backup.program("supervisor")),
  row("backup/shop", "dump gets its name", backup.fileBegins("rename .*partial$")),
  row("backup/shop", "dump has its name", backup.fileDone("rename .*partial$")),
  row("backup/proof/shop", "pg_restore --list runs", proof.program("--list")),
  row("destroy/shop", "intent is written", destroy.fileDone("rename .*/destroy.shop.json")),
  row("restore/shop", "scratch database is made", restore.sqlDone("^create database")),
  row("restore/shop", "properties half set", restore.sqlDone("work_mem")),
  row("verify/place/shop", "scratch is forgotten", place.fileDone("rm .*/scratch.shop.json")),
  row("report/cleanup", "sentinel is removed", cleanup.sqlDone("^drop schema")),

  row("backup/shop", "pg_dump begins", pgDump, { victim: "program", restarts: true }),
  row("backup/shop", "dump program begins", backup.jobRuns("dump-program"), { victim: "program", restarts: true }),
  row("backup/shop", "pg_dump begins", pgDump, { victim: "supervisor", restarts: true }),
  row("backup/shop", "pg_dump begins", pgDump, { victim: "program and worker", restarts: true }),
  row("backup/shop", "pg_dump begins", pgDump, { victim: "supervisor and worker", restarts: true }),
  row("backup/proof/shop", "pg_restore begins", proof.jobRuns("pg_restore --exit"), {
    victim: "program",
    restarts: true,
  }),
  row("restore/shop", "pg_restore begins", pgRestore, { victim: "program", restarts: true }),
  row("restore/shop", "pg_restore begins", pgRestore, { victim: "supervisor", restarts: true }),
  row("restore/shop", "pg_restore begins", pgRestore, { victim: "program and worker", restarts: true }),
  row("restore/shop", "pg_restore begins", pgRestore, { victim: "supervisor and worker", restarts: true }),

  row("plant/shop", "sentinel is planted", moments["plant/shop"]!.during, { victim: "everything" }),
  row("backup/shop", "pg_dump begins", pgDump, { victim: "everything", restarts: true }),
  row("destroy/shop", "dropped", moments["destroy/shop"]!.during, { victim: "everything" }),
  row("restore/shop", "pg_restore begins", pgRestore, { victim: "everything", restarts: true }),
  row("verify/place/shop", "renamed", moments["verify/place/shop"]!.during, { victim: "everything" }),
  row("report/cleanup", "sentinel is removed", cleanup.sqlDone("^drop schema"), { victim: "everything" }),

  row("backup/shop", "supervisor is about to start", backup.startsJob, { victim: "worker, twice" }),
  row("destroy/shop", "about to drop", moments["destroy/shop"]!.before, { victim: "worker, twice" }),
  row("verify/shop", "amcheck is there", moments["verify/shop"]!.during, { victim: "worker, twice" }),
  row("report/files", "report.md is written", moments["report/files"]!.during, { victim: "worker, twice" }),

  row("plant/shop", "sentinel is planted", moments["plant/shop"]!.during, { victim: "worker beside another" }),
  row("destroy/shop", "dropped", moments["destroy/shop"]!.during, { victim: "worker beside another" }),
  row("restore/shop", "scratch database is made", restore.sqlDone("^create database"), {
    victim: "worker beside another",
  }),

  row("restore/shop", "during", pgRestore, real),
  row("restore/shop", "pg_restore begins", pgRestore, { ...real, victim: "everything", restarts: true }),
  row("verify/place/shop", "during", moments["verify/place/shop"]!.during, real),
  row("backup/shop", "during", pgDump, { type: "backup" }),
  row("report/retention/shop", "during", moments["report/retention/shop"]!.during, { type: "backup" }),
  row("restore/control/shop", "during", control.fileDone("rm .*/heartbeat.shop.json"), beside),
  row("restore/shop", "during", pgRestore, beside),
  row("report/cleanup", "scratch database is dropped", cleanup.sqlDone("^drop database"), beside),
];
