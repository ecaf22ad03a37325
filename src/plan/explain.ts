import * as z from "zod";
import type { $ZodIssue } from "zod/v4/core";
import { asYaml, type Complaint, quoted } from "./complaint.ts";
import { knownKeysHint, unknownKeyHint, valueHint } from "./hints.ts";
import { nearest } from "./nearest.ts";
import * as walk from "./schema-walk.ts";
import { isSecret, secretComplaint, secretHint, underSecret } from "./secret-text.ts";

/** What was read, what it should be, and how a scalar was typed. */
export interface Subject {
  schema: walk.AnySchema;
  value: unknown;
  source: (path: walk.Path) => string | undefined;
}

/** `missing` and `suggests` name a key, so that a misspelt one is not called missing as well. */
interface Finding extends Complaint {
  missing?: string;
  suggests?: string;
}

/** Turns zod's issues into complaints that say what is wrong and what to do. */
export function explain(issues: readonly $ZodIssue[], subject: Subject): Complaint[] {
  const findings = issues.flatMap((issue) => findingsOf(issue, [], subject));
  const suggested = new Set(findings.map(({ suggests }) => suggests));
  return findings.filter(({ missing }) => missing === undefined || !suggested.has(missing));
}

function findingsOf(issue: $ZodIssue, above: walk.Path, subject: Subject): Finding[] {
  const path = [...above, ...(issue.path as walk.Path)];
  const value = walk.valueAt(subject.value, path);
  if (issue.code === "unrecognized_keys") return unknownKeys(path, issue.keys, subject);
  if (value === undefined && path.length > 0) return [missingKey(path, subject)];
  if (value === null && path.length === 0) return [emptyFile(subject)];
  if (issue.code === "invalid_union" && issue.discriminator !== undefined) return [unknownKind(path, value, subject)];
  if (issue.code === "invalid_union") return unionFindings(issue.errors, path, subject);
  if (underSecret(subject.schema, path, subject.value)) return [{ path, message: issue.message, hint: secretHint }];
  const schema = walk.schemasAlong(subject.schema, path, subject.value).at(-1)!;
  const key = path.findLast((step) => typeof step === "string") ?? "";
  const found = { key, value, listed: typeof path.at(-1) === "number", source: subject.source(path) };
  return [{ path, message: issue.message, hint: valueHint(issue, schema, found) }];
}

function emptyFile({ schema }: Subject): Finding {
  return { path: [], message: "the file is empty", hint: knownKeysHint(walk.shapeOf(schema, undefined)) };
}

function unknownKeys(parent: walk.Path, keys: string[], { schema, value }: Subject): Finding[] {
  const at = walk.schemasAlong(schema, parent, value).at(-1)!;
  const shape = walk.shapeOf(at, walk.valueAt(value, parent));
  return keys.map((key): Finding => {
    const near = nearest(key, Object.keys(shape));
    const path = [...parent, key];
    if (near === undefined && isSecret(at)) return { ...secretComplaint(path), at: "key" };
    const hint = unknownKeyHint(key, shape);
    const finding: Finding = { path, at: "key", message: `unknown key ${quoted(key)}`, hint };
    return near === undefined ? finding : { ...finding, suggests: JSON.stringify([...parent, near]) };
  });
}

function missingKey(path: walk.Path, { schema, value }: Subject): Finding {
  const parent = path.slice(0, -1);
  const key = String(path.at(-1));
  const at = walk.inner(walk.schemasAlong(schema, parent, value).at(-1)!);
  const examples = alternatives(at, key, walk.valueAt(value, parent));
  const message = `missing key ${[...new Set(examples.map(([name]) => quoted(name)))].join(" or ")}`;
  const written = [...new Set(examples.map(([name, schema]) => `\`${asYaml(name, walk.exampleOf(schema))}\``))];
  const [, first] = examples[0]!;
  const meaning = examples.length === 1 ? ` (${walk.descriptionOf(first)})` : "";
  const hint = `Add ${written.join(" or ")}${meaning}.`;
  return { path, at: "around", message, hint, missing: JSON.stringify(path) };
}

/** The keys, with their schemas, of which one is missing: several where a union leaves the choice. */
function alternatives(at: walk.AnySchema, key: string, value: unknown): [string, walk.AnySchema][] {
  if (!(at instanceof z.ZodUnion)) return own(at, value, [key]);
  const options = walk.optionsOf(at);
  if (at instanceof z.ZodDiscriminatedUnion && at.def.discriminator === key)
    return options.flatMap((option) => own(option, undefined, [key]));
  const distinct = at instanceof z.ZodDiscriminatedUnion ? [] : walk.distinctKeys(at);
  if (!distinct.flat().includes(key)) return own(at, value, [key]);
  // Of options that have nothing of what is there none was meant.
  const present = Object.keys(value ?? {});
  const shares = (option: walk.AnySchema) => present.some((one) => one in walk.shapeOf(option, undefined));
  const meant = options.some(shares) ? options.filter(shares) : options;
  return meant.flatMap((option) => own(option, undefined, distinct[options.indexOf(option)]!.slice(0, 1)));
}

function own(at: walk.AnySchema, value: unknown, keys: string[]): [string, walk.AnySchema][] {
  const shape = walk.shapeOf(at, value);
  return keys.map((key) => [key, shape[key]!]);
}

function unknownKind(path: walk.Path, value: unknown, subject: Subject): Finding {
  const union = walk.inner(walk.schemasAlong(subject.schema, path.slice(0, -1), subject.value).at(-1)!);
  const tags = alternatives(union, String(path.at(-1)), undefined);
  const kinds = tags.map(([, schema]) => String(walk.exampleOf(schema)));
  if (typeof value !== "string") return { path, message: "must be text", hint: `Known kinds: ${kinds.join(", ")}.` };
  const near = nearest(value, kinds);
  const hint = near === undefined ? `Known kinds: ${kinds.join(", ")}.` : `did you mean "${near}"?`;
  return { path, message: `unknown kind ${quoted(value)}`, hint };
}

/** A union's issues come for each option: only those of the option that was meant are of use. */
function unionFindings(errors: readonly $ZodIssue[][], path: walk.Path, subject: Subject): Finding[] {
  const schema = walk.inner(walk.schemasAlong(subject.schema, path, subject.value).at(-1)!);
  const value = walk.valueAt(subject.value, path);
  if (!(schema instanceof z.ZodUnion)) return [];
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
  const keys = isMap ? Object.keys(value) : [];
  const distinct = walk.distinctKeys(schema);
  if (isSecret(schema) && !keys.some((key) => nearest(key, distinct.flat()) !== undefined))
    return [secretComplaint(path)];
  const [word] = walk.optionsOf(schema);
  const misspelt = (one: unknown) => typeof value === "string" && nearest(value, [String(one)]) !== undefined;
  if (!isMap && word instanceof z.ZodLiteral && !misspelt(word.value)) {
    const ways = distinct.flatMap(([way]) => way ?? []).join(", ");
    const key = String(path.findLast((step) => typeof step === "string"));
    const message = `must be ${JSON.stringify(word.value)}, or have one of the keys ${ways}`;
    return [{ path, message, hint: `For example \`${asYaml(key, walk.exampleOf(schema))}\`.` }];
  }
  const [first, second] = keys.filter((key) => distinct.flat().includes(key));
  if (
    first !== undefined &&
    second !== undefined &&
    !distinct.some((own) => own.includes(first) && own.includes(second))
  )
    return [
      {
        path: [...path, second],
        at: "key",
        message: `"${second}" cannot stand beside "${first}"`,
        hint: "Keep one of them.",
      },
    ];
  return errors[walk.optionIndex(schema, value)]!.flatMap((issue) => findingsOf(issue, path, subject));
}
