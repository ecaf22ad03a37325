import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { failureTypes } from "../src/failures.ts";

test("docs/errors.md has one entry for each failure type, in the order of the table", () => {
  const entries = readFileSync("docs/errors.md", "utf8").split(/^## /m).slice(1);
  expect(entries.map((entry) => entry.split("\n")[0])).toEqual(Object.keys(failureTypes));
  for (const entry of entries) expect(entry.split("\n").slice(1).join("").length, entry).toBeGreaterThan(40);
});
