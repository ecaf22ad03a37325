import { redact } from "../redaction.ts";

/** What an error of an AWS client is about, as far as a person can mend it. */
export interface AwsTrouble {
  about: "credentials" | "rights" | "region" | "connection" | "request";
  /** Its name, or the code of what broke the connection. */
  code: string;
  /** Its own words, ready to stand in a message. */
  said: string;
}

/** Undefined for what is no answer of AWS, nor the lack of one. */
export function awsTrouble(error: unknown): AwsTrouble | undefined {
  if (!(error instanceof Error)) return undefined;
  const { name, code, $metadata } = error as { name: string; code?: string; $metadata?: { httpStatusCode?: number } };
  const said = redact(error.message).replace(/\.$/, "");
  const status = $metadata?.httpStatusCode ?? 0;
  if (
    /Expired|InvalidSignature|UnrecognizedClient|InvalidClientToken|IncompleteSignature|InvalidAccessKeyId|SignatureDoesNotMatch|Credentials/.test(
      name,
    )
  )
    return { about: "credentials", code: name, said };
  if (name.startsWith("AccessDenied")) return { about: "rights", code: name, said };
  if (/Region is missing/.test(said)) return { about: "region", code: name, said };
  const isAway = code !== undefined || name === "TimeoutError" || name === "AbortError";
  if (isAway || status >= 500 || /Throttl|SlowDown/.test(name))
    return { about: "connection", code: code ?? name, said };
  return status >= 400 ? { about: "request", code: name, said } : undefined;
}
