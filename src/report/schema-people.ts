import * as z from "zod";

/** The parts of the record's schema about people and about the runs before. Never imported by workflow code. */

export const time = z.iso.datetime().describe("ISO 8601, UTC");

export const verdict = z.enum(["PASS", "FAIL", "INCONCLUSIVE"]);

export const PastDrill = z.strictObject({
  workflowId: z.string(),
  startedAt: time,
  verdict,
  rtoSeconds: z.number().nullable().describe("seconds"),
  rpoSeconds: z.number().nullable().describe("seconds"),
});

export const status = z.enum([
  "running",
  "waiting",
  "closing",
  "done",
  "refused",
  "skipped",
  "aborted",
  "cancelled",
  "failed",
]);

export const Pause = z.strictObject({
  by: z.string(),
  reason: z.string(),
  at: time,
  ended: z.strictObject({ by: z.string(), reason: z.string(), at: time }).nullable(),
});

export const Approvals = z
  .strictObject({
    needed: z.int().positive(),
    from: z.array(z.string()).nullable().describe("who may approve; anybody else than who started the run if null"),
    withinSeconds: z.number().positive().describe("how long an approval counts, and how long the run waits"),
    given: z.array(z.strictObject({ by: z.string(), reason: z.string(), at: time })),
    refused: z.array(z.strictObject({ by: z.string(), at: time, why: z.string() })),
  })
  .nullable()
  .describe("what the plan asks for before something is destroyed, and what people have said");

export const EarlierPart = z.strictObject({
  workflowId: z.string(),
  runId: z.string(),
  by: z.string(),
  reason: z.string(),
  startedAt: time,
  endedAt: time,
  status,
  summary: z.string(),
});
