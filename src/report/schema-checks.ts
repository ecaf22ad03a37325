import * as z from "zod";

/** What a check has found, and why something is not as it should be, as they stand in a record. */

export const Check = z.strictObject({
  name: z.string(),
  title: z.string(),
  proven: z.boolean().describe("its answer counts: it could be asked, and it did not pass while the data was lost"),
  passed: z.boolean(),
  exact: z.boolean().describe("compares like with like"),
  negativeControl: z
    .strictObject({ passed: z.boolean(), found: z.string() })
    .nullable()
    .describe("what the same check said while the data was lost; null where it was not asked"),
  expected: z.string(),
  found: z.string(),
  recovery: z
    .strictObject({ existsSeconds: z.number().nullable(), readySeconds: z.number().nullable() })
    .optional()
    .describe("of an object that came back by itself: seconds from the loss until it was there, and ready"),
});

export const Cause = z.strictObject({ object: z.string(), cause: z.string(), hint: z.string() });
