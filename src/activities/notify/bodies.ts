import { createHmac } from "node:crypto";
import type { NoticeFacts } from "../../report/notices.ts";
import { redact } from "../../redaction.ts";
import { visible } from "../../report/safe-text.ts";
import type { Message } from "./message.ts";

/** What each service takes. */

/** Slack's own three characters are escaped, so that no text makes a link or calls people. */
export function slackBody({ text }: Message): string {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return JSON.stringify({ text: escaped });
}

/** Nobody is called by name, whatever stands in the text; Discord takes 2,000 characters. */
export function discordBody({ text }: Message): string {
  return JSON.stringify({ content: text.slice(0, 2_000).toWellFormed(), allowed_mentions: { parse: [] } });
}

/** The form is documented in docs/operate.md: keys may be added, none is renamed or removed within a version. */
export function webhookBody(facts: NoticeFacts, reminder: number, message: Message): string {
  const { event, at, plan, run, status, verdict, rto, rpo, waiting } = facts;
  const { workflowId, runId, type, scenario, by, reason } = run;
  const body = {
    version: 1,
    id: message.id,
    event: event === "waiting" && reminder > 0 ? "reminder" : event,
    at,
    plan,
    run: { workflowId, runId, type, scenario, by, reason },
    status,
    verdict,
    rtoSeconds: rto.seconds,
    rpoSeconds: rpo.seconds,
    waiting: waiting && { ...waiting, reminder },
    link: message.link,
    message: message.text,
  };
  return JSON.stringify(body, (_key, value: unknown) => (typeof value === "string" ? visible(redact(value)) : value));
}

/**
 * HMAC-SHA256 of `<timestamp>.<body>`. The time is signed as well, so that a receiver may refuse what was said long ago.
 * @param now in milliseconds
 */
export function signatureHeaders(secret: string, body: string, now: number): Record<string, string> {
  const timestamp = String(Math.floor(now / 1_000));
  const signature = createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex");
  return { "x-firedrill-timestamp": timestamp, "x-firedrill-signature": `sha256=${signature}` };
}
