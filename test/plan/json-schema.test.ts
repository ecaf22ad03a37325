import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as z from "zod";
import { WorkerConfig } from "../../src/config.ts";
import { planDocs } from "../../src/plan/docs.ts";
import { planJsonSchema } from "../../src/plan/json-schema.ts";
import { Plan } from "../../src/plan/schema.ts";
import { type AnySchema, exampleOf, inner, optionsOf, shapeOf } from "../../src/plan/schema-walk.ts";
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

test("every key that must be there has an example, which the hint of a missing one shows", () => {
  const without: string[] = [];
  const walk = (schema: AnySchema, path: string): void => {
    const at = inner(schema);
    if (at instanceof z.ZodArray) walk(at.element, `${path}[]`);
    if (at instanceof z.ZodUnion) for (const option of optionsOf(at)) walk(option, path);
    if (!(at instanceof z.ZodObject)) return;
    for (const [key, own] of Object.entries(shapeOf(at, undefined))) {
      const isRequired = !z.safeParse(own, undefined).success;
      if (isRequired && exampleOf(own) === undefined) without.push(`${path}.${key}`);
      walk(own, `${path}.${key}`);
    }
  };
  walk(Plan, "");
  walk(WorkerConfig, "");
  expect(without).toEqual([]);
});
