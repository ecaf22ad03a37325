import { fail } from "../../failures.ts";
import type { Session } from "../kubernetes/session.ts";
import type { Around } from "./kind.ts";

/** @throws SYSTEM_UNREACHABLE while the cluster does not answer */
export function sessionOf({ session }: Around): Session {
  if (session === undefined) throw fail("SYSTEM_UNREACHABLE", "the cluster does not answer");
  return session;
}
