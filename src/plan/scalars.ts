import * as z from "zod";
import { durationMs, durationShape, sizeBytes, sizeShape } from "./units.ts";

/** The single values that stand in a plan. */

export const name = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/, "must be 1 to 40 lower-case letters, digits and dashes")
  .meta({ examples: ["shop"] });
export const path = z
  .string()
  .regex(/^\//, "must be an absolute path, starting with /")
  .meta({ title: "path", examples: ["/var/backups/shop"] });

const durationWrong = 'is not a duration; write "45m", "1h 30m" or "24h"';
export const Duration = z
  .string()
  .regex(durationShape, durationWrong)
  .transform((text, context) => {
    const ms = durationMs(text);
    if (ms !== undefined && ms > 0) return ms;
    context.issues.push({ code: "custom", input: text, message: "must be a duration longer than nothing" });
    return z.NEVER;
  })
  .describe('a duration as people write it: "90s", "45m", "1h 30m", "7d"')
  .meta({ title: "duration", examples: ["45m"] });

export const Size = z
  .string()
  .regex(sizeShape, 'is not a size; write "500 MB" or "1 GiB"')
  .transform((text, context) => {
    const bytes = sizeBytes(text);
    if (bytes !== undefined) return bytes;
    context.issues.push({ code: "custom", input: text, message: "is a size too big to count" });
    return z.NEVER;
  })
  .describe('a size as people write it: "500 MB", "1 GiB"')
  .meta({ title: "size", examples: ["500 MB"] });

/** Marks the schemas under which a value may be a secret by mistake: no message may repeat what stands there. */
export const secretSchemas = z.registry<{ secret: true }>();

export const Secret = z
  .union([
    z.strictObject({
      env: z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of an environment variable")
        .describe("environment variable of the worker")
        .meta({ examples: ["SHOP_PASSWORD"] }),
    }),
    z.strictObject({
      file: path
        .describe("file on the worker's host; its last line break is cut off")
        .meta({ examples: ["/run/secrets/shop-password"] }),
    }),
  ])
  .describe("a reference to a secret; the secret itself never stands in a plan")
  .meta({ title: "secret" })
  .register(secretSchemas, { secret: true });
export type Secret = z.infer<typeof Secret>;
