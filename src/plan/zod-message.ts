import type { $ZodRawIssue } from "zod/v4/core";

/** What is wrong, in the words of Firedrill. zod's own messages stay unused, so that no value can be repeated by them. */
export function zodMessage(issue: $ZodRawIssue): string {
  if (issue.code === "invalid_type") return typeMessage(issue.expected, issue.input);
  if (issue.code === "invalid_value") return oneOf(issue.values);
  if (issue.code === "too_small" && issue.origin === "string" && issue.minimum === 1) return "must not be empty";
  if (issue.code === "too_small")
    return `must ${amount(issue.origin)} at least ${issue.minimum}${unit(issue.origin, issue.minimum)}`;
  if (issue.code === "too_big")
    return `must ${amount(issue.origin)} at most ${issue.maximum}${unit(issue.origin, issue.maximum)}`;
  return "is not valid here";
}

function oneOf(values: readonly unknown[]): string {
  const words = values.map((value) => JSON.stringify(value)).join(", ");
  return values.length === 1 ? `must be ${words}` : `must be one of ${words}`;
}

function typeMessage(expected: string, input: unknown): string {
  if (input === null) return "has no value";
  if (expected === "int" && typeof input === "number") return "must be a whole number";
  return `must be ${typeNames[expected] ?? expected}, not ${typeOf(input)}`;
}

const typeNames: Record<string, string> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map of keys",
};

function typeOf(input: unknown): string {
  if (Array.isArray(input)) return "a list";
  if (typeof input === "boolean") return String(input);
  return typeNames[typeof input] ?? typeof input;
}

const amount = (origin: string) => (origin === "string" || origin === "array" ? "have" : "be");

function unit(origin: string, count: number | bigint): string {
  const word = origin === "string" ? " character" : origin === "array" ? " entr" : "";
  if (word === "") return "";
  if (origin === "array") return `${word}${count === 1 ? "y" : "ies"}`;
  return `${word}${count === 1 ? "" : "s"}`;
}
