import { once } from "node:events";
import { connect } from "node:net";
import type { Channel } from "../../plan/notify-schema.ts";
import type { Plan } from "../../plan/schema.ts";
import { resolveSecret } from "../../secrets.ts";
import { tryEmail } from "../notify/email.ts";
import { webAddress } from "../notify/http.ts";
import { attemptMs, codeOf } from "../notify/trouble.ts";
import { find, type Finding, type Seen } from "./finding.ts";

/** Whether those can be reached whom a run tells how it goes. Nothing is sent to them, and no run fails for want of them. */
export async function lookAtNotices({ notify = [] }: Plan): Promise<Finding[]> {
  return await Promise.all(
    notify.map((channel, index) => find("plan", `notice ${index + 1} ${channel.kind}`, () => look(channel))),
  );
}

/** @throws SECRET_MISSING */
async function look(channel: Channel): Promise<Seen> {
  const why = channel.kind === "email" ? await tryMail(channel) : await tryAddress(channel);
  if (why === undefined) return "can be reached";
  return {
    message: `nobody would be told by ${channel.kind}: ${why}`,
    hint: "Correct its entry in the plan's `notify:`.",
  };
}

async function tryMail(channel: Extract<Channel, { kind: "email" }>): Promise<string | undefined> {
  const password = channel.password && (await resolveSecret(channel.password));
  return (await tryEmail(channel, password))?.why;
}

async function tryAddress(channel: Exclude<Channel, { kind: "email" }>): Promise<string | undefined> {
  const url = await webAddress(channel.kind === "webhook" ? channel.url : channel.webhook);
  if (url === undefined) return "its address is no http:// or https:// address";
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
  const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ""), port, timeout: attemptMs });
  try {
    await Promise.race([once(socket, "connect"), once(socket, "timeout").then(() => Promise.reject(timedOut))]);
    return undefined;
  } catch (error) {
    return `it cannot be reached (${codeOf(error)})`;
  } finally {
    socket.destroy();
  }
}

const timedOut = Object.assign(new Error("no answer"), { code: "ETIMEDOUT" });
