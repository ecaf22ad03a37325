import { rememberSecret } from "../../redaction.ts";
import { resolveSecret } from "../../secrets.ts";
import type { Secret } from "../../plan/scalars.ts";
import { attemptMs, codeOf, type Trouble } from "./trouble.ts";

/** What another attempt may change: the other side is busy, or broken for the moment. */
const passing = (status: number) => status === 408 || status === 425 || status === 429 || status >= 500;

/**
 * Posts JSON once. Redirects are not followed: the text is for the address that the plan means.
 * @param url undefined where the secret is no address
 * @returns undefined when it was taken
 */
export async function post(
  url: URL | undefined,
  body: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Trouble | undefined> {
  if (url === undefined) return { why: "its address is no http:// or https:// address", again: false };
  try {
    const response = await fetch(url, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", "user-agent": "firedrill", ...headers },
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(attemptMs)]),
    });
    await response.body?.cancel().catch(() => "what it says besides does not matter");
    if (response.ok) return undefined;
    const { status } = response;
    const afterMs = retryAfterMs(response.headers.get("retry-after"));
    return { why: `it answers with HTTP status ${status}`, again: passing(status), afterMs };
  } catch (error) {
    if (isBlockedPort(error)) return { why: `its port ${url.port} is never spoken to by HTTP`, again: false };
    return { why: `it cannot be reached (${codeOf(error)})`, again: true };
  }
}

/** Ports of other protocols, such as SMTP, which fetch does not speak to. It has no code for that. */
function isBlockedPort(error: unknown): boolean {
  return error instanceof TypeError && error.cause instanceof Error && error.cause.message === "bad port";
}

/**
 * The address behind a reference, undefined where it is none: user and password are not taken. What lets one write there
 * is from then on redacted without the rest of it, too.
 * @throws SECRET_MISSING
 */
export async function webAddress(address: Secret): Promise<URL | undefined> {
  const url = URL.parse((await resolveSecret(address)).trim());
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") return undefined;
  const parts = [...url.pathname.split("/"), ...url.searchParams.values()];
  // Not words such as "webhooks", which stand in other texts as well.
  for (const part of parts) if (part.length >= 16 && /\d/.test(part)) rememberSecret(part);
  return url;
}

/** `retry-after` holds seconds or a date. */
function retryAfterMs(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return ms > 0 ? ms : undefined;
}
