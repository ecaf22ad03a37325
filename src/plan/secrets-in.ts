import * as z from "zod";
import type { Secret } from "./scalars.ts";
import { Plan } from "./schema.ts";
import { type AnySchema, branchOf, shapeOf } from "./schema-walk.ts";
import { isSecret } from "./secret-text.ts";

export interface SecretUse {
  /** Where in the plan, such as `components.shop.connection.password`. */
  path: string;
  secret: Secret;
}

/** Every reference to a secret that stands in a plan, also in what is added to its schema later. */
export function secretsIn(plan: Plan): SecretUse[] {
  return walk(Plan, plan, []);
}

function walk(schema: AnySchema, value: unknown, path: string[]): SecretUse[] {
  if (value === undefined) return [];
  if (isSecret(schema)) return [{ path: path.join("."), secret: value as Secret }];
  const branch = branchOf(schema, value);
  if (branch instanceof z.ZodArray && Array.isArray(value))
    return value.flatMap((item: unknown, index) =>
      walk(branch.element, item, [...path, (item as { name?: string } | null)?.name ?? String(index)]),
    );
  if (branch instanceof z.ZodRecord)
    return Object.entries(value as object).flatMap(([key, item]) => walk(branch.valueType, item, [...path, key]));
  return Object.entries(shapeOf(branch, value)).flatMap(([key, inside]) =>
    walk(inside, (value as Record<string, unknown>)[key], [...path, key]),
  );
}
