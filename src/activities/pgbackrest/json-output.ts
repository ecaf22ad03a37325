import type * as z from "zod";
import { fail } from "../../failures.ts";

/**
 * Reads what a program printed as JSON. What cannot be read is the program's failure, not a defect of ours: pgBackRest
 * may end with 0 and print something else.
 * @param what the command, for the message
 * @throws PROGRAM_FAILED
 */
export function readOutput<T>(text: string, schema: z.ZodType<T>, what: string): T {
  const hint = "Run the command by hand and see what it prints; then retry.";
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw fail("PROGRAM_FAILED", `${what} printed no JSON: ${JSON.stringify(text.trim().slice(0, 200))}`, hint);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const places = parsed.error.issues.slice(0, 3).map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw fail("PROGRAM_FAILED", `${what} printed JSON of another form (${places.join("; ")})`, hint);
}
