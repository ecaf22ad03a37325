import * as z from "zod";
import type { $ZodIssue } from "zod/v4/core";
import { asYaml } from "./complaint.ts";
import { nearest } from "./nearest.ts";
import { type AnySchema, descriptionOf, exampleOf, inner, optionsOf, shapeOf, titleOf } from "./schema-walk.ts";

/** For a key that is not known: the one that was meant, where it belongs, or all there are. */
export function unknownKeyHint(key: string, shape: Record<string, AnySchema>): string {
  const near = nearest(key, Object.keys(shape));
  if (near !== undefined) return `did you mean "${near}"?`;
  const around = Object.keys(shape).find((name) => Object.hasOwn(shapeOf(shape[name]!, undefined), key));
  if (around !== undefined) return `It belongs under \`${around}:\`.`;
  return knownKeysHint(shape);
}

export function knownKeysHint(shape: Record<string, AnySchema>): string {
  return `Its keys are ${Object.keys(shape).join(", ")}.`;
}

interface Found {
  key: string;
  value: unknown;
  /** Whether it stands in the list of that key. */
  listed: boolean;
  /** How a scalar was typed. */
  source: string | undefined;
}

/** For a value that does not fit its schema. */
export function valueHint(issue: $ZodIssue, schema: AnySchema, { key, value, listed, source }: Found): string {
  const at = inner(schema);
  if (value === null) return "Write a value, or remove it.";
  if (at instanceof z.ZodDiscriminatedUnion) return kindHint(at);
  const shape = shapeOf(at, value);
  if (Object.keys(shape).length > 0) return knownKeysHint(shape);
  if (issue.code === "invalid_value") {
    const near = typeof value === "string" ? nearest(value, issue.values.map(String)) : undefined;
    return near === undefined ? described(schema) : `did you mean "${near}"?`;
  }
  const example = exampleOf(schema);
  const measured = titleOf(schema) === "duration" || titleOf(schema) === "size";
  const written = (one: unknown) => `\`${asYaml(key, listed ? [one] : one)}\``;
  if (
    at instanceof z.ZodString &&
    !measured &&
    isUnquoted(value) &&
    source !== undefined &&
    z.safeParse(schema, source).success
  )
    return `Put it into quotes: ${listed ? written(source) : `\`${key}: "${source}"\``}.`;
  if (typeof value === "string" && (at instanceof z.ZodNumber || at instanceof z.ZodBoolean) && value !== "")
    return "Write it without quotes and without a unit.";
  if (measured && isUnquoted(value)) return `It needs a unit, for example ${written(example)}.`;
  return example === undefined ? described(schema) : `For example ${written(example)}.`;
}

function kindHint(union: z.ZodDiscriminatedUnion): string {
  const { discriminator } = union.def;
  const kinds = optionsOf(union).map((option) => exampleOf(shapeOf(option, undefined)[discriminator]!));
  return `It begins with ${kinds.map((kind) => `\`${asYaml(discriminator, kind)}\``).join(" or ")}.`;
}

function isUnquoted(value: unknown): boolean {
  return typeof value === "number" || typeof value === "boolean";
}

function described(schema: AnySchema): string {
  const description = descriptionOf(schema);
  return description === undefined ? "Correct the value." : `It means: ${description}.`;
}
