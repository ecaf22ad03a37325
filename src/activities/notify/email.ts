import { createTransport } from "nodemailer";
import type { Channel } from "../../plan/notify-schema.ts";
import type { Message } from "./message.ts";
import { attemptMs, codeOf, type Trouble } from "./trouble.ts";

type Email = Extract<Channel, { kind: "email" }>;

/** TLS that the plan asks for must be there, with a certificate that Node trusts. */
function transportTo({ host, port, tls, user }: Email, password: string | undefined) {
  return createTransport({
    host,
    port,
    secure: tls === "implicit",
    requireTLS: tls === "starttls",
    ignoreTLS: tls === "none",
    ...(user !== undefined && password !== undefined && { auth: { user, pass: password } }),
    connectionTimeout: attemptMs,
    greetingTimeout: attemptMs,
    socketTimeout: attemptMs,
    dnsTimeout: attemptMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

/** Connects and logs in as for an e-mail, but sends none. Undefined when the server would take one. */
export async function tryEmail(channel: Email, password: string | undefined): Promise<Trouble | undefined> {
  const transport = transportTo(channel, password);
  try {
    await transport.verify();
    return undefined;
  } catch (error) {
    return troubleOf(error);
  } finally {
    transport.close();
  }
}

/**
 * Sends an e-mail once.
 * @returns undefined when the server has taken it
 */
export async function sendEmail(
  channel: Email,
  password: string | undefined,
  message: Message,
  signal: AbortSignal,
): Promise<Trouble | undefined> {
  const transport = transportTo(channel, password);
  const giveUp = () => transport.close();
  signal.addEventListener("abort", giveUp);
  try {
    await transport.sendMail({
      from: channel.from,
      to: channel.to,
      subject: message.title,
      text: message.text,
      // The same at every attempt, so that a server or a mailbox may know the second of two.
      messageId: `<${Buffer.from(message.id).toString("base64url")}@firedrill.invalid>`,
      headers: { "auto-submitted": "auto-generated" },
    });
    return undefined;
  } catch (error) {
    return troubleOf(error);
  } finally {
    signal.removeEventListener("abort", giveUp);
    transport.close();
  }
}

function troubleOf(error: unknown): Trouble {
  const { responseCode } = error as { responseCode?: number };
  const code = codeOf(error);
  if (responseCode === undefined)
    return { why: `the SMTP server cannot be reached (${code})`, again: code !== "EAUTH" };
  return { why: `the SMTP server answers with ${responseCode} (${code})`, again: responseCode < 500 };
}
