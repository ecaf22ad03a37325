import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseControlData } from "../../src/activities/pgbackrest/control-data.ts";
import { identityOf, newestGood, parseInfo } from "../../src/activities/pgbackrest/info.ts";
import { readRecoveryLog } from "../../src/activities/pgbackrest/recovery-log.ts";
import { parseVerify } from "../../src/activities/pgbackrest/repository.ts";
import { readContents } from "../../src/activities/pgdump/contents.ts";
import { describeFailure, isFailureType } from "../../src/failures.ts";
import { mutated } from "./mutations.ts";
import { runs, timeout } from "./runs.ts";

/** What pgBackRest, pg_restore and PostgreSQL really printed, with a few places changed or its end cut off. */

const printed = (name: string) => readFileSync(new URL(`outputs/${name}`, import.meta.url), "utf8");
const info = printed("pgbackrest-info.json");
const verified = printed("pgbackrest-verify.txt");
const list = printed("pg-restore-list.txt");
const controlData = printed("pg-controldata.txt");
const recovery = printed("recovery.txt");
const label = "20261126-024219F";
const systemIdentifier = "7712304996605278406";

const tables = ["public.customer", 'public."Order"', 'app."a ""b"" c"'].map((name) => ({ name, rows: 1 }));
/** The same tables as pg_restore shows them. */
const shown = ["public customer", "public Order", 'app a "b" c'];

/** What a reader returns, or that it threw a failure of ours; anything else it throws fails the test. */
function read<T>(reader: () => T): T | "refused" {
  try {
    return reader();
  } catch (error) {
    const { type, message, hint } = describeFailure(error);
    expect(isFailureType(type) && type !== "UNEXPECTED", `${type}: ${message}`).toBe(true);
    expect(hint).toMatch(/\S/);
    return "refused";
  }
}

test("whole output of every program is read", () => {
  const stanza = parseInfo(info, "pg")!;
  expect(newestGood(stanza, null).label).toBe(label);
  expect(identityOf(stanza)).toBe(systemIdentifier);
  expect(parseVerify(verified, label)).toEqual({ files: 1265, segments: 2 });
  expect(readContents(list, tables)).toEqual({ entries: 9, missing: [], largeObjects: true });
  expect(readRecoveryLog(recovery)).toMatchObject({ stoppedAt: "2026-11-26T02:10:11.494123Z", fatal: null });
  expect(parseControlData(controlData)).toMatchObject({ systemIdentifier, timeline: 1 });
});

describe("spoilt output is read or refused, and never breaks its reader", () => {
  test("pgbackrest info: what is chosen has a label, an end, and no error", { timeout }, () => {
    fc.assert(
      fc.property(mutated(info), (text) => {
        const stanza = read(() => parseInfo(text, "pg"));
        if (stanza === "refused" || stanza === undefined) return;
        const chosen = read(() => newestGood(stanza, null));
        if (chosen === "refused") return;
        expect(chosen.label).toMatch(/\S/);
        expect(Number.isFinite(chosen.timestamp.stop)).toBe(true);
        expect(chosen.error).not.toBe(true);
      }),
      runs(2_000),
    );
  });

  test("pgbackrest verify: believed only when it counted files and WAL", { timeout }, () => {
    fc.assert(
      fc.property(mutated(verified), (text) => {
        const result = read(() => parseVerify(text, label));
        if (typeof result === "string") return;
        expect(result.files).toBeGreaterThan(0);
        expect(result.segments).toBeGreaterThan(0);
      }),
      runs(2_000),
    );
  });

  test("pgbackrest verify: one word of damage anywhere is enough", { timeout }, () => {
    const damage = fc.constantFrom(
      ["status: ok", "status: error"],
      ["status: valid", "status: invalid"],
      ["total valid files: 1265", "total valid files: 1264"],
      ["total valid WAL: 2", "total valid WAL: 1"],
      ["checksum invalid: 0", "checksum invalid: 1"],
      ["missing: 0", "missing: 1"],
    );
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), (changes) => {
        const text = changes.reduce((all, [from, to]) => all.replace(from, to), verified);
        expect(parseVerify(text, label)).toEqual(expect.any(String));
      }),
      runs(100),
    );
  });

  test("pg_restore --list: whoever takes a line out takes its table out", { timeout }, () => {
    const lines = list.split("\n");
    fc.assert(
      fc.property(fc.nat(lines.length - 1), mutated(list), (at, text) => {
        expect(read(() => readContents(text, tables))).not.toBe("refused");
        const without = lines.filter((_, index) => index !== at).join("\n");
        const gone = tables.filter((_, table) => lines[at]!.includes(` TABLE DATA ${shown[table]} `));
        expect(readContents(without, tables).missing).toEqual(gone.map(({ name }) => name));
      }),
      runs(500),
    );
  });

  test("pg_controldata: identifier and timeline are numbers", { timeout }, () => {
    fc.assert(
      fc.property(mutated(controlData), (text) => {
        const control = read(() => parseControlData(text));
        if (control === "refused") return;
        expect(control.systemIdentifier).toMatch(/^\d+$/);
        expect(Number.isInteger(control.timeline) && control.timeline > 0).toBe(true);
      }),
      runs(2_000),
    );
  });

  test("the log of a recovery: times are times, or none", { timeout }, () => {
    fc.assert(
      fc.property(mutated(recovery), (text) => {
        const { stoppedAt, lastTransactionAt } = readRecoveryLog(text);
        for (const at of [stoppedAt, lastTransactionAt])
          if (at !== null) expect(Number.isNaN(Date.parse(at))).toBe(false);
      }),
      runs(2_000),
    );
  });
});
