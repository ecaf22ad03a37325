import * as z from "zod";
import { nearest } from "./nearest.ts";

/** Ways through a zod schema, so that errors and documentation need no second list of what a file may hold. */

export type AnySchema = z.core.$ZodType;
export type Path = readonly (string | number)[];

/** The schema of what a person writes: without optional, default and transform around it. */
export function inner(schema: AnySchema): AnySchema {
  const wrapped = unwrapOnce(schema);
  return wrapped === undefined ? schema : inner(wrapped);
}

function unwrapOnce(schema: AnySchema): AnySchema | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return schema.unwrap();
  return schema instanceof z.ZodPipe ? schema.in : undefined;
}

/** The first schema from the outermost inwards for which `pick` finds something: the outer one knows more. */
function outermost<T>(schema: AnySchema, pick: (at: AnySchema) => T | undefined): T | undefined {
  const wrapped = unwrapOnce(schema);
  return pick(schema) ?? (wrapped === undefined ? undefined : outermost(wrapped, pick));
}

/** A value as a person would write it for this schema, undefined when there is no telling. */
export function exampleOf(schema: AnySchema): unknown {
  const given = outermost(schema, (at) => (z.globalRegistry.get(at) as { examples?: unknown[] } | undefined)?.examples);
  if (given !== undefined) return given[0];
  const at = inner(schema);
  if (at instanceof z.ZodLiteral) return at.value;
  return at instanceof z.ZodEnum ? at.options[0] : undefined;
}

export function titleOf(schema: AnySchema): string | undefined {
  return outermost(schema, (at) => z.globalRegistry.get(at)?.title);
}

export function descriptionOf(schema: AnySchema): string | undefined {
  return outermost(schema, (at) => z.globalRegistry.get(at)?.description);
}

/** Keys and schemas of an object, of the one branch of a union that a value means, or nothing. */
export function shapeOf(schema: AnySchema, value: unknown): Record<string, AnySchema> {
  const at = branchOf(schema, value);
  return at instanceof z.ZodObject ? at.shape : {};
}

/** The schema itself, or the branch of a union that a value means. */
export function branchOf(schema: AnySchema, value: unknown): AnySchema {
  const at = inner(schema);
  const branch = at instanceof z.ZodUnion ? optionsOf(at)[optionIndex(at, value)] : undefined;
  return branch === undefined ? at : branchOf(branch, value);
}

/** Every schema on the way down to `path`, the root's first; ends early where the path leaves the schema. */
export function schemasAlong(root: AnySchema, path: Path, value: unknown): AnySchema[] {
  const found = [root];
  let [schema, at] = [root, value];
  for (const step of path) {
    const array = branchOf(schema, at);
    const next = array instanceof z.ZodArray ? array.element : shapeOf(schema, at)[String(step)];
    if (next === undefined) return found;
    found.push(next);
    [schema, at] = [next, childOf(at, step)];
  }
  return found;
}

/** What stands at `path` of a value that may be anything. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(childOf, value);
}

function childOf(value: unknown, key: string | number): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string | number, unknown>)[key];
}

/** Keys that only some options of a union of objects know, option by option: they tell which one is meant. */
export function distinctKeys(union: z.ZodUnion): string[][] {
  const shapes = optionsOf(union).map((option) => Object.keys(shapeOf(option, undefined)));
  return shapes.map((keys, own) =>
    keys.filter((key) => !shapes.some((shape, other) => other !== own && shape.includes(key))),
  );
}

export function optionsOf(union: z.ZodUnion): readonly AnySchema[] {
  return union.options;
}

/** The option that a value means: by its discriminator, its sort, its keys, misspelt keys, keys that several have; the first one otherwise. */
export function optionIndex(union: z.ZodUnion, value: unknown): number {
  if (union instanceof z.ZodDiscriminatedUnion) {
    const { discriminator } = union.def;
    const said = childOf(value, discriminator);
    return optionsOf(union).findIndex((option) => exampleOf(shapeOf(option, undefined)[discriminator]!) === said);
  }
  const plain = Array.isArray(value) ? z.ZodArray : typeof value === "number" ? z.ZodNumber : undefined;
  if (plain !== undefined)
    return Math.max(
      optionsOf(union).findIndex((option) => inner(option) instanceof plain),
      0,
    );
  if (typeof value !== "object" || value === null) return 0;
  const known = meant.get(value)?.get(union);
  if (known !== undefined) return known;
  const distinct = distinctKeys(union);
  const exact = distinct.findIndex((keys) => keys.some((key) => Object.hasOwn(value, key)));
  const present = exact === -1 ? Object.keys(value) : [];
  const near = distinct.findIndex((keys) => present.some((key) => nearest(key, keys) !== undefined));
  const index = exact !== -1 ? exact : near !== -1 ? near : mostShared(union, value);
  meant.set(value, (meant.get(value) ?? new Map<z.ZodUnion, number>()).set(union, index));
  return index;
}

/** The option with most of a map's keys; the first of several. */
function mostShared(union: z.ZodUnion, value: object): number {
  const shared = optionsOf(union).map(
    (option) => Object.keys(shapeOf(option, undefined)).filter((key) => Object.hasOwn(value, key)).length,
  );
  return shared.indexOf(Math.max(...shared));
}

/** Options that values meant, so that a map with thousands of wrong keys is not compared for each of them. */
const meant = new WeakMap<object, Map<z.ZodUnion, number>>();
