import type { Channel } from "../../plan/notify-schema.ts";
import type { NoticeFacts } from "../../report/notices.ts";
import { resolveSecret } from "../../secrets.ts";
import { discordBody, signatureHeaders, slackBody, webhookBody } from "./bodies.ts";
import { sendEmail } from "./email.ts";
import { post, webAddress } from "./http.ts";
import type { Message } from "./message.ts";
import type { Trouble } from "./trouble.ts";

/**
 * Says it once.
 * @param compose makes the text, and is called after the secrets are known: they are redacted in it
 * @returns undefined when it was taken
 * @throws SECRET_MISSING
 */
export async function send(
  channel: Channel,
  facts: NoticeFacts,
  reminder: number,
  compose: () => Message,
  signal: AbortSignal,
): Promise<Trouble | undefined> {
  switch (channel.kind) {
    case "slack":
    case "discord": {
      const url = await webAddress(channel.webhook);
      return await post(url, (channel.kind === "slack" ? slackBody : discordBody)(compose()), {}, signal);
    }
    case "webhook": {
      const url = await webAddress(channel.url);
      const secret = channel.secret && (await resolveSecret(channel.secret));
      const body = webhookBody(facts, reminder, compose());
      return await post(url, body, secret === undefined ? {} : signatureHeaders(secret, body, Date.now()), signal);
    }
    case "email": {
      const password = channel.password && (await resolveSecret(channel.password));
      return await sendEmail(channel, password, compose(), signal);
    }
  }
}
