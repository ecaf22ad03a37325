import * as z from "zod";
import { Plan } from "./schema.ts";

/** The JSON schema (draft 2020-12) of a plan file, for editors: what a person writes, not what it is read as. */
export function planJsonSchema(): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(Plan, { io: "input" });
}
