import { expect, test } from "vitest";
import { byHandWords, namesOfByHand, rowsOfByHand } from "../../../src/activities/namespace/by-hand.ts";
import type { Entry } from "../../../src/activities/namespace/memory.ts";

/** What a person has set has a row of its own, which tells whether it came back. */

const entry = (id: string, byHand?: Record<string, string>): Entry => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  name: id.split("/")[1]!,
  id,
  uid: id,
  origin: { from: "gitops", by: "Kustomization flux-system/apps", generated: false },
  scaled: false,
  troubleBefore: null,
  digest: { "data.a": "git", "data.b": "~hand" },
  ...(byHand && { byHand }),
});
const known = { entries: [entry("ConfigMap/one", { "data.b": "kubectl-edit" }), entry("ConfigMap/two")] };

test("it is named with the program that has set it, and lost where Git says something else", () => {
  expect(byHandWords(known)).toBe("ConfigMap/one data.b (kubectl-edit)");
  expect(namesOfByHand(known)).toEqual(["ConfigMap/one by hand"]);
  expect(rowsOfByHand(known, () => ({ "data.a": "git" }))).toMatchObject([
    {
      name: "ConfigMap/one by hand",
      passed: false,
      expected: "as somebody has set it: data.b (kubectl-edit)",
      found: "nothing has brought back data.b",
    },
  ]);
});

test("it has come back where Git says the same, and not where the object is missing", () => {
  for (const now of ["hand", "~hand"])
    expect(rowsOfByHand(known, () => ({ "data.b": now }))).toMatchObject([{ passed: true, found: "as it was set" }]);
  expect(rowsOfByHand(known, () => undefined)).toMatchObject([{ passed: false }]);
});

test("nobody has set anything: no words, no rows", () => {
  const none = { entries: [entry("ConfigMap/two")] };
  expect([byHandWords(none), namesOfByHand(none), rowsOfByHand(none, () => undefined)]).toEqual(["", [], []]);
});

test("many share a row, and every one of them counts", () => {
  const many = { entries: Array.from({ length: 14 }, (_, n) => entry(`ConfigMap/c${n}`, { "data.b": "kubectl" })) };
  expect(namesOfByHand(many).slice(9)).toEqual(["ConfigMap/c9 by hand", "4 more by hand"]);
  const lost = (name: string) => rowsOfByHand(many, ({ name: one }) => ({ "data.b": one === name ? "x" : "hand" }));
  expect(lost("c13").filter(({ passed }) => !passed)).toMatchObject([{ name: "4 more by hand" }]);
  expect(byHandWords(many)).toMatch(/ and 9 more$/);
});
