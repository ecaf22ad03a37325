import * as z from "zod";
import { Secret } from "./scalars.ts";

/** How to reach a PostgreSQL server, and one of its databases. */

/** A connection string would bring its password into the history; and libpq takes a database's name for one. */
export const databaseName = z
  .string()
  .min(1)
  .max(63)
  .regex(/^(?!.*(:\/\/|=))/, "must be the name of a database, not a connection string");

export const Connection = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .regex(/^(\/|[^\s@=/]+$)/, "must be a host or directory alone, not a connection string")
      .meta({ examples: ["db.lan"] })
      .default("127.0.0.1")
      .describe("host name, address, or directory of the Unix socket"),
    port: z.int().min(1).max(65535).default(5432).describe("port of the server"),
    user: z
      .string()
      .min(1)
      .regex(/^[^:=]+$/, "must be the name of a user alone, without a password")
      .meta({ examples: ["dr"] })
      .default("postgres")
      .describe("user that may dump, create and drop the database"),
    password: Secret.optional().describe("password of that user"),
    tls: z
      .enum(["disable", "prefer", "require", "verify-full"])
      .default("prefer")
      .describe("libpq's sslmode; prefer takes TLS where the server offers it"),
  })
  .describe("how to reach a PostgreSQL server");
export type Connection = z.infer<typeof Connection>;
