import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createdAt, lockIn } from "../../src/activities/infrastructure/lock.ts";
import { errorsIn, hadLock, readLine } from "../../src/activities/infrastructure/messages.ts";
import { readDestruction, unexpected } from "../../src/activities/infrastructure/planned.ts";
import { readList, readState, showsNothing } from "../../src/activities/infrastructure/state.ts";
import { describeFailure, isFailureType } from "../../src/failures.ts";
import { redact } from "../../src/redaction.ts";
import { mutated } from "./mutations.ts";
import { runs, timeout } from "./runs.ts";

/** What OpenTofu really printed, whole and spoilt. */

const printed = (name: string) => readFileSync(new URL(`outputs/tofu-${name}`, import.meta.url), "utf8");
const state = printed("state.json");
const plan = printed("plan.json");
const shown = printed("show.json");
const apply = printed("apply.jsonl");
const addresses = [
  'terraform_data.node["a b"]',
  'terraform_data.node["c"]',
  "module.net.terraform_data.vpc[0]",
  "module.net.terraform_data.vpc[1]",
];

function read<T>(reader: () => T): T | "refused" {
  try {
    return reader();
  } catch (error) {
    const { type, message } = describeFailure(error);
    expect(isFailureType(type) && type !== "UNEXPECTED", `${type}: ${message}`).toBe(true);
    return "refused";
  }
}

test("whole outputs are read, and what the state calls sensitive is never said again", () => {
  expect(redact("a-secret-of-the-state and another-secret")).toContain("a-secret-of-the-state");
  const { lineage, serial, addresses: found } = readState(state);
  expect({ lineage, serial, found: found.toSorted() }).toEqual({
    lineage: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    serial: 1,
    found: addresses.toSorted(),
  });
  expect(redact("a-secret-of-the-state and another-secret")).toBe("*** and ***");
  expect(readState(state).secrets.toSorted()).toEqual(["a-secret-of-the-state", "another-secret"]);
  expect(readDestruction(plan).toSorted()).toEqual(addresses.toSorted());
  expect(showsNothing(shown)).toBe(false);
  expect(showsNothing('{"format_version":"1.0"}')).toBe(true);
  expect(readList(`data.x.y\nmodule.net.data.x.y\n${addresses.join("\n")}\n`)).toEqual(addresses);
  expect(errorsIn(apply)).toEqual([]);
  expect(hadLock(apply)).toBe(true);
  expect(hadLock(apply.split("\n")[0]!)).toBe(false);
});

test("what Terragrunt says before is passed over, and no state is none", () => {
  const chatter = "\nInitializing the backend...\n\nOpenTofu has been successfully initialized!\n";
  expect(readState(chatter + state)).toEqual(readState(state));
  for (const nothing of ["", "\n", chatter])
    expect(readState(nothing)).toEqual({ lineage: "", serial: 0, addresses: [], secrets: [] });
  expect(() => readState("Error: no such state")).toThrow("no state");
  expect(() => readState(state.slice(0, -20))).toThrow("no state");
});

describe("spoilt output is read or refused", () => {
  test("a state is empty only when nothing was printed", { timeout }, () => {
    fc.assert(
      fc.property(mutated(state), (text) => {
        const found = read(() => readState(text));
        if (found === "refused") return;
        expect(found.lineage === "").toBe(text.trim() === "");
        expect(Number.isInteger(found.serial)).toBe(true);
      }),
      runs(2_000),
    );
  });

  test("a plan that does anything but destroy is refused, however it is spoilt", { timeout }, () => {
    fc.assert(
      fc.property(mutated(plan), (text) => {
        const found = read(() => readDestruction(text));
        if (found !== "refused") for (const address of found) expect(address).toMatch(/./s);
      }),
      runs(2_000),
    );
    for (const action of ["create", "update", "replace"])
      expect(read(() => readDestruction(plan.replace('"delete"', `"${action}"`)))).toBe("refused");
    expect(readDestruction(plan.replace('"delete"', '"forget"'))).toHaveLength(3);
  });

  test("lines and lists never break their readers", { timeout }, () => {
    fc.assert(
      fc.property(mutated(apply), (text) => {
        for (const line of text.split("\n")) readLine(line);
        for (const { address, summary } of errorsIn(text)) expect(typeof address + typeof summary).toBe("stringstring");
        readList(text);
        read(() => showsNothing(text));
      }),
      runs(1_000),
    );
  });

  test("a pattern allows no address but what it spells, and never more than it counts", { timeout }, () => {
    const address = fc.constantFrom(...addresses, "module.net", "x.y", "");
    fc.assert(
      fc.property(fc.array(address, { maxLength: 12 }), fc.integer({ min: 1, max: 4 }), (all, atMost) => {
        expect(unexpected(all, [all[0] ?? "-"])).toEqual(all.filter((one) => one !== (all[0] ?? "-")));
        expect(unexpected(all, ["*"])).toEqual([]);
        expect(unexpected(all, [{ addresses: "*", atMost }])).toHaveLength(Math.max(0, all.length - atMost));
      }),
      runs(500),
    );
  });

  test("a lock's moment is a moment or none", { timeout }, () => {
    const detail = "Lock Info:\n  ID:        1\n  Who:       a@b\n  Created:   2026-11-28 03:29:03.787623 +0000 UTC\n";
    expect(createdAt(lockIn([{ summary: "Error acquiring the state lock", detail, address: "" }])!)).toBe(
      Date.parse("2026-11-28T03:29:03.787Z"),
    );
    fc.assert(
      fc.property(mutated(detail), (text) => {
        const lock = lockIn([{ summary: "Error acquiring the state lock", detail: text, address: "" }])!;
        const at = createdAt(lock);
        expect(Number.isNaN(at) || new Date(at).toISOString().length >= 24).toBe(true);
        expect(lock.id).not.toMatch(/\n/);
      }),
      runs(1_000),
    );
  });
});
