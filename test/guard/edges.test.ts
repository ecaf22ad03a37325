import { expect, test } from "vitest";
import { checkGuards, guards } from "../../src/guard/index.ts";
import { component, facts } from "./facts.ts";

test("a backup of another component, or without an ID, is no verified backup", () => {
  const one = { component: "shop", backupId: "1", verifiedAt: "2026-11-21T03:00:00Z" };
  for (const verified of [[{ ...one, component: "mail" }], [{ ...one, backupId: "" }], [{ ...one, verifiedAt: "" }]])
    expect(guards["verified-backup"]!(facts({ verified }))).toHaveLength(1);
});

test("a verified backup is asked for only right before the destruction", () => {
  expect(checkGuards(facts({ stage: "preflight", verified: [] }))).toEqual([]);
});

test("each component needs a backup of its own", () => {
  const components = [component(), component({ name: "mail" })];
  expect(guards["verified-backup"]!(facts({ components })).map((refusal) => refusal.component)).toEqual(["mail"]);
});

test("a primary with replicas is not destroyed, but may be drilled beside", () => {
  expect(guards["replica"]!(facts({}, { replicas: 1 }))[0]!.message).toMatch(/has 1 replica, /);
  expect(guards["replica"]!(facts({}, { replicas: 2 }))[0]!.message).toMatch(/has 2 replicas, /);
  expect(guards["replica"]!(facts({ scenario: "none" }, { replicas: 2 }))).toEqual([]);
});

test("numbers that are none do not pass for enough", () => {
  const space = { path: "/srv", freeBytes: Number.NaN, neededBytes: 1 };
  expect(guards["space"]!(facts({}, { space }))).toHaveLength(1);
  expect(guards["replica"]!(facts({}, { replicas: Number.NaN }))).toHaveLength(1);
});

test("just enough space is enough, and where none is needed it is not asked for", () => {
  expect(guards["space"]!(facts({}, { space: { path: "/srv", freeBytes: 5, neededBytes: 5 } }))).toEqual([]);
  expect(guards["space"]!(facts({}, { space: null }))).toEqual([]);
});

test("archiving that is not needed or works is not refused", () => {
  for (const archiving of [null, true]) expect(guards["archiving"]!(facts({}, { archiving }))).toEqual([]);
});

test("production may be backed up and drilled beside", () => {
  expect(checkGuards(facts({ environment: "production", scenario: "none", stage: "preflight" }))).toEqual([]);
  expect(checkGuards(facts({ environment: "production", type: "backup", stage: "preflight" }))).toEqual([]);
});

test("a layer that is not there is told once; one that may be restored is not refused", () => {
  const none = { names: [], more: 0 };
  const infrastructure = { resources: 0, strangers: [], unexpected: none, protected: none };
  const gone = { kind: "tofu", exists: false, infrastructure };
  expect(checkGuards(facts({}, gone)).map(({ guard }) => guard)).toEqual(["empty-state"]);
  expect(checkGuards(facts({ type: "restore" }, gone))).toEqual([]);
  const nan = { ...infrastructure, resources: Number.NaN };
  expect(guards["empty-state"]!(facts({}, { infrastructure: nan }))).toHaveLength(1);
});

test("a layer without an identity is told what it should print", () => {
  const none = { names: [], more: 0 };
  const infrastructure = { resources: 1, strangers: [], unexpected: none, protected: none };
  const refusals = guards["identity"]!(facts({}, { kind: "command", identity: "", infrastructure }));
  expect(refusals[0]!.hint).toContain("`inspect`");
});
