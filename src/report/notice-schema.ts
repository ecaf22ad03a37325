import * as z from "zod";

/** Of the record's `notices`. */
export const Notice = z.strictObject({
  event: z.enum(["start", "waiting", "end"]),
  step: z.string().nullable().describe("the step that waits"),
  kind: z.string(),
  entry: z.int().nonnegative().describe("place in the plan's `notify`, from 0"),
  at: z.iso.datetime().describe("ISO 8601, UTC"),
  sent: z.int().nonnegative().nullable().describe("messages that were taken; null where nobody knows"),
  failed: z.int().nonnegative().describe("messages that were not taken, after all attempts"),
  why: z.string().nullable().describe("why the last of them was not"),
});
