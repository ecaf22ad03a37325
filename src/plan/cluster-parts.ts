import * as z from "zod";

/** What components in a Kubernetes cluster have in common. */

export const label = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "must be a name of Kubernetes: lower-case letters, digits and dashes");

export const HttpCheck = z
  .strictObject({
    kind: z.literal("http").describe("kind of the check"),
    url: z
      .url({ protocol: /^https?$/, error: "must be an address that begins with http:// or https://" })
      .regex(/^[^@]*$/, "must have no user or password")
      .describe("address that is asked every second, from the loss until everything is back")
      .meta({ examples: ["https://shop.example.org/health"] }),
    host: label
      .or(z.string().regex(/^[a-z0-9.-]+$/, "must be a host name"))
      .optional()
      .describe("Host header, where the address is not the name by which the ingress knows it")
      .meta({ examples: ["shop.example.org"] }),
    status: z.int().min(100).max(599).default(200).describe("status that it answers when all is well"),
    contains: z.string().min(1).optional().describe("text that its answer contains when all is well"),
  })
  .describe("a question over HTTP, from the worker's host");
export type HttpCheck = z.infer<typeof HttpCheck>;
