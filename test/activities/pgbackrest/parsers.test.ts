import { expect, test } from "vitest";
import { percentOf } from "../../../src/activities/pgbackrest/client.ts";
import { compareTables } from "../../../src/activities/postgres/compare.ts";
import { compareWithCatalog } from "../../../src/activities/pgbackrest/catalog-check.ts";
import { eitherObjects, mergeChecks } from "../../../src/activities/pgbackrest/expectation.ts";
import { identityOf, newestGood, parseInfo } from "../../../src/activities/pgbackrest/info.ts";
import { unarchived, withoutDrillSettings } from "../../../src/activities/pgbackrest/place.ts";
import { missesTime, reachesSegment } from "../../../src/activities/pgbackrest/recovered.ts";
import { parseHistory, readRecoveryLog, recoveryHint } from "../../../src/activities/pgbackrest/recovery-log.ts";
import { parseVerify } from "../../../src/activities/pgbackrest/repository.ts";
import { repositoryPaths } from "../../../src/activities/pgbackrest/repository-path.ts";
import { recoveryTime } from "../../../src/activities/pgbackrest/restore.ts";
import type { CheckRecord } from "../../../src/report/record.ts";

const verified = `stanza: exp
status: ok
  archiveId: 15-1, total WAL checked: 2, total valid WAL: 2
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
  backup: 20261121-111200F, status: valid, total files checked: 964, total valid files: 964
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
`;

const verify = (text: string) => parseVerify(text, "20261121-111200F");

test("verify is believed only with counts: its exit code and its silence say nothing", () => {
  expect(verify(verified)).toEqual({ files: 964, segments: 2 });
  expect(verify("")).toBe("it said nothing");
  expect(verify("stanza: exp\nstatus: ok\n    no archives or backups exist in the repo\n")).toContain(
    "did not look at",
  );
  expect(verify(verified.replace("status: ok", "status: error"))).toContain("status: error");
  expect(verify(verified.replace("valid files: 964", "valid files: 963"))).toContain("963");
  expect(verify(verified.replace("status: valid", "status: invalid"))).toContain("invalid");
  expect(verify(verified.replace("valid WAL: 2", "valid WAL: 1"))).toContain("total valid WAL: 1");
  expect(verify(verified.replaceAll(": 964", ": 0"))).toContain(": 0");
  expect(parseVerify(verified, "20261122-000000F")).toContain("did not look at 20261122-000000F");
});

const table = (name: string, rows: number, checksum = "1") => ({ name, rows, checksum });
const check = (change: Partial<CheckRecord>): CheckRecord => ({
  name: "tables",
  title: "T",
  proven: true,
  passed: true,
  exact: true,
  negativeControl: null,
  expected: "3 tables",
  found: "all equal",
  ...change,
});
const reaches = (position: string, timeline = 1) =>
  reachesSegment("00000001000000000000000E", timeline, position, 16 * 1024 * 1024);
const backup = (label: string, stop: number, error: boolean | null = false) => ({
  label,
  type: "full",
  error,
  database: { id: 1 },
  archive: { start: null, stop: null },
  timestamp: { start: stop - 10, stop },
  info: { size: 1, repository: { delta: 1 } },
});

test("info keeps all digits of the system identifier", () => {
  const text = `[{"name":"exp","status":{"code":0,"message":"ok"},"db":[{"id":1,"system-id":7710580920601331183,"version":"15"}],"backup":[]}]`;
  expect(identityOf(parseInfo(text, "exp")!)).toBe("7710580920601331183");
  expect(parseInfo(text, "other")).toBeUndefined();
});

const iso = (seconds: number) => new Date(seconds * 1000).toISOString();

test("the newest good backup that ended before the time is taken", () => {
  const stanza = {
    name: "exp",
    status: { code: 0, message: "ok" },
    db: [],
    backup: [backup("a", 100), backup("b", 200, null), backup("c", 300, true)],
  };
  expect(newestGood(stanza, null).label).toBe("b");
  expect(newestGood(stanza, iso(200)).label).toBe("a");
  expect(newestGood(stanza, iso(201)).label).toBe("b");
  expect(() => newestGood(stanza, iso(100))).toThrow("no good backup that ended before");
});

test("the log of a recovering server tells where it stopped, and why it died", () => {
  const log = `2026-11-21 11:12:03.494 UTC [1] LOG:  recovery stopping before commit of transaction 740, time 2026-11-21 11:12:03.494123+00
2026-11-21 11:12:03.495 UTC [1] LOG:  last completed transaction was at log time 2026-11-21 11:12:02.1+00`;
  expect(readRecoveryLog(log)).toEqual({
    stoppedAt: "2026-11-21T11:12:03.494123Z",
    lastTransactionAt: "2026-11-21T11:12:02.1Z",
    fatal: null,
  });
  const dead = `x FATAL:  the database system is starting up\nx FATAL:  recovery ended before configured recovery target was reached\n`;
  const { fatal } = readRecoveryLog(dead);
  expect(fatal).toBe("recovery ended before configured recovery target was reached");
  expect(recoveryHint(fatal!)).toContain("--to-time");
  expect(recoveryHint("something else")).toBeUndefined();
});

test("the history of a timeline says where the one before was left", () => {
  expect(parseHistory("1\t0/3000000\tno recovery target specified\n\n2\t0/F000000\tbefore 2026\n")).toEqual({
    parent: 2,
    switchLsn: "0/F000000",
  });
  expect(parseHistory("")).toBeUndefined();
});

test("recovery that ends at the first byte of the newest segment, or earlier, has missed it", () => {
  expect(reaches("0/F000000")).toBeUndefined();
  expect(reaches("0/E000028")).toBeUndefined();
  expect(reaches("0/E000000")).toContain("ended at 0/E000000");
  expect(reaches("0/C1")).toContain("00000001000000000000000E");
  expect(reaches("0/F000000", 2)).toContain("timeline 2");
});

test("a time is reached only when a later commit was seen", () => {
  const time = "2026-11-21T11:00:00.000Z";
  const at = (stoppedAt: string | null, lastTransactionAt: string | null) =>
    missesTime({ stoppedAt, lastTransactionAt }, time);
  expect(at("2026-11-21T11:00:01Z", "2026-11-21T10:59:59Z")).toBeUndefined();
  expect(at(null, "2026-11-21T10:59:59Z")).toContain("never reached");
  expect(at("2026-11-21T10:59:00Z", null)).toContain("before");
  expect(at("2026-11-21T11:00:01Z", "2026-11-21T11:00:00.5Z")).toContain("past");
  expect(recoveryTime("2026-11-21T12:00:00.1234+01:00")).toBe("2026-11-21 11:00:00.123400+00");
  expect(recoveryTime("2026-11-21T11:00:00Z")).toBe("2026-11-21 11:00:00.000000+00");
});

test("only what the restore wrote is taken out of postgresql.auto.conf", () => {
  const before = "archive_mode = 'on'\nwork_mem = '5MB'\n";
  const heading = "\n# Recovery settings generated by pgBackRest restore on 2026-11-21 11:22:12\n";
  const kept = "restore_command = 'pgbackrest archive-get %f \"%p\"'\n";
  const drill =
    "archive_mode = 'off'\nrecovery_target_time = '2026-11-21 11:00:00+00'\nrecovery_target_action = 'promote'\n";
  expect(withoutDrillSettings(before + heading + drill + kept)).toBe(before + heading + kept);
  expect(withoutDrillSettings("archive_mode = 'off'\n")).toBe("archive_mode = 'off'\n");
});

test("the archiver is offered the new timeline's history and its full segments", () => {
  const names = [
    "00000002.history",
    "00000003.history",
    "00000002000000000000000E",
    "00000003000000000000000E",
    "00000003000000000000000F",
    "000000030000000000000010",
    "archive_status",
  ];
  expect(unarchived(names, 3, "00000003000000000000000F")).toEqual(["00000003.history", "00000003000000000000000E"]);
});

test("repositories on this host are found in pgBackRest's configuration, the stanza's own value winning", () => {
  expect(repositoryPaths("[global]\nrepo1-path=/a\n[main]\nrepo1-path = /b\n[other]\nrepo1-path=/c\n", "main")).toEqual(
    ["/b"],
  );
  expect(repositoryPaths("[global]\nrepo1-type=s3\nrepo2-path=/d\nrepo3-host=h\n", "main")).toEqual(["/d"]);
  expect(repositoryPaths("[main]\npg1-path=/x\n", "main")).toEqual(["/var/lib/pgbackrest"]);
});

test("progress is read out of pgBackRest's own lines", () => {
  expect(percentOf("restore", "P01 DETAIL: restore file /d/base/1/1 (31MB, 45.32%) checksum ab")).toBe("restore 45 %");
  expect(percentOf("backup", "P00   INFO: backup start")).toBeUndefined();
});

test("objects that changed after the backup may look old or new, others only as in the backup", () => {
  const before = { same: "1", changed: "1", dropped: "1" };
  const after = { same: "1", changed: "2", made: "1" };
  expect(eitherObjects(before, after, { same: "x", changed: "2", made: "1" })).toEqual({
    same: "1",
    changed: "2",
    made: "1",
  });
  expect(eitherObjects(before, after, { same: "1", changed: "1", dropped: "1" })).toEqual(before);
  expect(eitherObjects(before, after, { same: "1", changed: "3" })).toMatchObject({ changed: "1" });
});

test("after a real loss a table that is gone or empty is a problem, one with other rows is not", () => {
  const expected = [table("a", 1), table("b", 2), table("c", 3), table("d", 4), table("firedrill.sentinel", 1)];
  const found = [table("a", 1), table("b", 9, "2"), table("c", 0, "0")];
  expect(compareWithCatalog(expected, found)).toEqual({
    problems: ["c is empty instead of 3 rows", "d is missing"],
    equal: 1,
    changed: 1,
  });
});

const merged = (...checks: Partial<CheckRecord>[]) =>
  mergeChecks(checks.map((change, n) => ({ database: `db${n}`, checks: [check(change)] })))[0]!;

test("a check of several databases passes only where it passes for all that can tell", () => {
  expect(merged({}, {})).toMatchObject({ passed: true, proven: true, found: "all equal" });
  expect(merged({}, { passed: false, found: "item differs" })).toMatchObject({
    passed: false,
    found: "db0: all equal; db1: item differs",
  });
  expect(merged({}, { exact: false })).toMatchObject({ passed: true, exact: false });
  expect(merged({}, { proven: false, passed: false })).toMatchObject({ proven: false, passed: false });
  expect(merged({}, { proven: false, passed: false, expected: "0 tables, 0 rows" })).toMatchObject({
    proven: true,
    passed: true,
  });
  expect(merged({ name: "not-empty" }, { name: "not-empty", passed: false })).toMatchObject({ passed: true });
});

test("a table that was made after the backup does not count against those that are equal", () => {
  const explain = (name: string) => (name === "late" ? "written after the backup" : undefined);
  const outcome = compareTables([table("cold", 5)], [table("cold", 5), table("late", 1)], explain);
  expect(outcome).toMatchObject({
    result: "passed",
    exact: false,
    found: expect.stringContaining("1 table equal") as string,
  });
});
