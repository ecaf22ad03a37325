import { userInfo } from "node:os";
import { fail } from "../failures.ts";

/** Name of the person at the keyboard. Throws REQUEST_INVALID where the system has none. */
export function personName(given: string | undefined): string {
  if (given !== undefined) return given;
  try {
    return userInfo().username;
  } catch {
    // A container may run under a user ID without a name.
    throw fail("REQUEST_INVALID", "the system has no name for you", "Say who you are with --by NAME.");
  }
}
