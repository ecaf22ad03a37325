import * as z from "zod";
import { Duration } from "./scalars.ts";

/** What a plan says of people: whose it is, who must agree, and what becomes of a step that nobody answers. */

export const Owner = z.strictObject({
  team: z.string().optional().describe("who owns the plan"),
  contacts: z.array(z.string()).default([]).describe("where to reach them"),
  escalation: z.array(z.string()).default([]).describe("whom to call when they do not answer"),
});

export const Approvals = z.strictObject({
  destroy: z
    .int()
    .min(1)
    .max(20)
    .describe("how many people must approve before something is destroyed")
    .meta({ examples: [1] }),
  from: z
    .array(z.string().trim().min(1))
    .min(1)
    .optional()
    .describe("who may approve; anybody otherwise, but never who started the run")
    .meta({ examples: [["anna", "bert"]] }),
  within: Duration.prefault("24h").describe("how long a run waits for approvals, and how long one counts"),
});

export const Decisions = z.strictObject({
  within: Duration.describe("how long a failed step waits for a person"),
  otherwise: z
    .enum(["abort", "skip"])
    .default("abort")
    .describe("what is decided then; a step that may not be skipped is given up all the same"),
});
