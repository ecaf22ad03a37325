/** Why a message was not taken. Never in the words of the other side, which may repeat an address or a password. */
export interface Trouble {
  why: string;
  /** Whether it is worth while to try it again. */
  again: boolean;
  /** How long the other side asks to be left alone. */
  afterMs?: number | undefined;
}

/** Of one attempt, in milliseconds. */
export const attemptMs = 10_000;

/** What Node and libraries call an error, such as ECONNREFUSED: the only part of it that says nothing of secrets. */
export function codeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === "string" && /^[A-Z][A-Z0-9_]{2,60}$/.test(code)) return code;
  }
  return error instanceof Error && error.name === "TimeoutError" ? "ETIMEDOUT" : "unknown error";
}
