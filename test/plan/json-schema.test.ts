import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { planDocs } from "../../src/plan/docs.ts";
import { planJsonSchema } from "../../src/plan/json-schema.ts";
import { reportJsonSchema } from "../../src/report/schema.ts";

const stale = "is stale: run `npm run schema`";

test("plan.schema.json is what the code says", () => {
  expect(JSON.parse(readFileSync("plan.schema.json", "utf8")), stale).toEqual(planJsonSchema());
});

test("report.schema.json is what the code says", () => {
  expect(JSON.parse(readFileSync("report.schema.json", "utf8")), stale).toEqual(reportJsonSchema());
});

test("docs/plan.md is what the code says", () => {
  expect(readFileSync("docs/plan.md", "utf8"), stale).toBe(planDocs());
});

test("every key of a plan has a meaning", () => {
  const without: string[] = [];
  const walk = (schema: unknown, path: string): void => {
    if (typeof schema !== "object" || schema === null) return;
    const { properties } = schema as { properties?: Record<string, { description?: string }> };
    for (const [key, own] of Object.entries(properties ?? {}))
      if (own.description === undefined) without.push(`${path}.${key}`);
    for (const [key, inside] of Object.entries(schema)) walk(inside, `${path}.${key}`);
  };
  walk(planJsonSchema(), "");
  expect(without).toEqual([]);
});
