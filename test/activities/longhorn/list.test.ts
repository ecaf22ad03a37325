import fc from "fast-check";
import { expect, test } from "vitest";
import { nameFor } from "../../../src/activities/longhorn/list.ts";
import { name } from "../../../src/plan/scalars.ts";

test("a volume of many is named after its claim", () => {
  expect(nameFor("apps", "data-postgres-0")).toBe("apps-data-postgres-0");
});

test("every claim makes a name that a component may have, and no two make the same", () => {
  const label = fc
    .stringMatching(/^[a-z0-9]([a-z0-9.-]{0,60}[a-z0-9])?$/)
    .filter((text) => !/[.-]{2}|\.-|-\./.test(text));
  const component = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/);
  fc.assert(
    fc.property(component, fc.uniqueArray(label, { minLength: 2, maxLength: 8 }), (own, claims) => {
      const names = claims.map((claim) => nameFor(own, claim));
      for (const one of names) expect(name.safeParse(one).success, one).toBe(true);
      expect(new Set(names).size).toBe(claims.length);
    }),
  );
});
