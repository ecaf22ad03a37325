import { ApplicationFailure } from "@temporalio/common";
import { fail } from "../../failures.ts";
import { redact } from "../../redaction.ts";

export interface Answer {
  status: number;
  text: string;
  /** Milliseconds after which the server wants to be asked again. */
  retryAfterMs: number;
}

/** The failure for what an API server has refused. `status`, and whether it is an API server's answer, are among its facts. */
export function refused(server: string, answer: Answer) {
  const { status } = answer;
  const facts = { status, ofApi: isOfApi(answer) };
  const said = wordsOf(answer);
  if (status === 401) {
    return fail(
      "AUTHENTICATION_FAILED",
      `the API server ${server} does not accept the kubeconfig's credentials`,
      "Have they expired, or was the cluster rebuilt since? Renew the kubeconfig; then retry.",
      facts,
    );
  }
  // So it says that a right is missing; it also forbids what admission or a quota does not let through.
  if (status === 403 && / cannot [a-z]+ /.test(said)) {
    return fail("PERMISSION_DENIED", said, "Give the kubeconfig's user this right (RBAC); then retry.", facts);
  }
  if (status === 429 || status >= 500) {
    return fail(
      "SYSTEM_UNREACHABLE",
      `the API server ${server} cannot do it now (${status}): ${said}`,
      "Look at the API server and at what it asks in turn (webhooks, etcd, extension servers); then retry.",
      facts,
    );
  }
  return fail("API_REFUSED", `the API server refused (${status}): ${said}`, undefined, facts);
}

/** A disruption budget keeps a pod from being evicted now: an answer, not a server that is busy. */
export function isHeld({ status, text }: Answer): boolean {
  return status === 429 && text.includes('"DisruptionBudget"');
}

/** "The disruption budget shop needs 1 healthy pods and has 1 currently" */
export function heldWords({ text }: Answer): string {
  const { details } = JSON.parse(text) as { details?: { causes?: { reason?: string; message?: string }[] } };
  const cause = details?.causes?.find(({ reason }) => reason === "DisruptionBudget");
  return cause?.message ?? "a disruption budget does not allow it";
}

/** What the API server says, ready to stand in a message. */
function wordsOf({ status, text }: Answer): string {
  let said = text;
  try {
    said = (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    // Proxies answer with pages of their own.
  }
  const line = redact(said).replace(/\s+/g, " ").trim().replace(/\.$/, "").slice(0, 600);
  return line === "" ? `HTTP status ${status}` : line;
}

/** Every API server gives its refusals this shape; pages of balancers and proxies before it have another. */
function isOfApi({ text }: Answer): boolean {
  try {
    return (JSON.parse(text) as { kind?: unknown } | null)?.kind === "Status";
  } catch {
    return false;
  }
}

/** Whether an API server itself has refused, and not something before it. */
export function isRefusalOfApi(error: unknown): boolean {
  return error instanceof ApplicationFailure && (error.details?.[0] as { ofApi?: boolean } | undefined)?.ofApi === true;
}

/** HTTP status that a failure comes from, where it comes from one. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof ApplicationFailure)) return undefined;
  return (error.details?.[0] as { status?: number } | undefined)?.status;
}

/** The failure for an API server that does not answer; undefined for an error that says nothing about it. */
export function unreachable(server: string, error: unknown) {
  const code = codeOf(error);
  if (code === undefined) return undefined;
  if (isAboutCertificates(code)) {
    return fail(
      "SYSTEM_UNREACHABLE",
      `there is no trusted connection to the API server ${server} (${code})`,
      "A rebuilt cluster has a new CA: get its new kubeconfig, or correct the CA and the server's name in it.",
      { certificate: true, isOtherChain: isOtherChain(code) },
    );
  }
  return fail("SYSTEM_UNREACHABLE", `the API server ${server} does not answer (${code})`);
}

/** No word came back, or one that only says that somebody further on gave none. */
export function isUnanswered(error: unknown): boolean {
  return error instanceof ApplicationFailure && error.type === "SYSTEM_UNREACHABLE" && !isAboutTrust(error);
}

export function isAboutTrust(error: unknown): boolean {
  if (!(error instanceof ApplicationFailure)) return false;
  return (error.details?.[0] as { certificate?: boolean } | undefined)?.certificate === true;
}

/**
 * Whether another CA stands behind the certificate: then it is another server. One that has expired, or bears another name, or a
 * server that does not take our own certificate, may be the same.
 */
export function isFromOtherServer(error: unknown): boolean {
  if (!(error instanceof ApplicationFailure)) return false;
  return (error.details?.[0] as { isOtherChain?: boolean } | undefined)?.isOtherChain === true;
}

function isOtherChain(code: string): boolean {
  return /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_SIGNATURE_)/.test(code);
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.name === "TimeoutError") return "no answer in time";
  const { code } = error as NodeJS.ErrnoException;
  if (code?.startsWith("UND_ERR_INVALID") === true) return undefined;
  return typeof code === "string" ? code : codeOf(error.cause);
}

function isAboutCertificates(code: string): boolean {
  return /CERT|^UNABLE_TO_|^ERR_(SSL|TLS|OSSL)_/.test(code);
}
