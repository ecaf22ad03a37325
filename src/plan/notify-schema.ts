import * as z from "zod";
import { Duration, Secret, secretSchemas } from "./scalars.ts";

/** Whom a run tells how it goes, and by what. Addresses that let anybody write there are secrets, and so references. */

const common = {
  on: z
    .array(z.enum(["start", "waiting", "end"]))
    .min(1)
    .default(["start", "waiting", "end"])
    .describe("what is told: the run begins, waits for a person, has ended")
    .meta({ examples: [["waiting", "end"]] }),
  reminders: Duration.refine((ms) => ms >= 1_000, "must be 1s or longer")
    .prefault("4h")
    .describe("how often it is told again while the run waits for a person"),
};

/** A secret that must be there; a schema that is described anew is another one, which has to be marked again. */
const needed = (text: string, env: string) =>
  Secret.describe(text)
    .meta({ examples: [{ env }] })
    .register(secretSchemas, { secret: true });

const webhook = (service: string) =>
  needed(
    `address of an incoming webhook of ${service}; whoever knows it can write there`,
    `${service.toUpperCase()}_WEBHOOK`,
  );

const Slack = z
  .strictObject({ kind: z.literal("slack").describe("kind of the notice"), webhook: webhook("Slack"), ...common })
  .describe("a Slack channel");

const Discord = z
  .strictObject({ kind: z.literal("discord").describe("kind of the notice"), webhook: webhook("Discord"), ...common })
  .describe("a Discord channel");

const Webhook = z
  .strictObject({
    kind: z.literal("webhook").describe("kind of the notice"),
    url: needed("address that takes the notice as JSON, by POST", "NOTICE_URL"),
    secret: Secret.optional().describe("key of the HMAC by which the receiver knows that it comes from here"),
    ...common,
  })
  .describe("any program that takes JSON by HTTP");

const address = z
  .string()
  .regex(/^[^\s@<>,;:"]+@[^\s@<>,;:"]+$/, "must be an e-mail address alone, such as oncall@example.org")
  .meta({ examples: ["oncall@example.org"] });

const Email = z
  .strictObject({
    kind: z.literal("email").describe("kind of the notice"),
    host: z
      .string()
      .regex(/^[^\s@=/:]+$/, "must be a host alone, without a user, password or port")
      .describe("SMTP server")
      .meta({ examples: ["smtp.example.org"] }),
    port: z.int().min(1).max(65535).default(587).describe("its port"),
    tls: z
      .enum(["starttls", "implicit", "none"])
      .default("starttls")
      .describe("TLS that must be there: after STARTTLS, from the start (port 465), or none at all"),
    user: z
      .string()
      .regex(/^[^\s:=]+$/, "must be the name of a user alone, without a password")
      .optional()
      .describe("user at the SMTP server, where it asks for one")
      .meta({ examples: ["firedrill"] }),
    password: Secret.optional().describe("password of that user"),
    from: address.describe("sender"),
    to: z
      .array(address)
      .min(1)
      .max(20)
      .describe("who gets it")
      .meta({ examples: [["oncall@example.org"]] }),
    ...common,
  })
  .describe("an e-mail by SMTP");

export const Channel = z.discriminatedUnion("kind", [Slack, Discord, Webhook, Email]);
/** One entry of `notify:`. */
export type Channel = z.infer<typeof Channel>;
export type NoticeEvent = Channel["on"][number];
