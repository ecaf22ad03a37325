import { compareNow, namesOfRows } from "./compare-now.ts";
import type { Inventory, Recovery } from "./memory.ts";
import type { Session } from "../kubernetes/session.ts";
import { namespaces } from "../kubernetes/kinds.ts";
import { surveyNamespace } from "./survey.ts";

/**
 * Asks the very checks by which the rebuilt objects are judged, at the moment at which none of them may pass.
 * @returns null where somebody was faster and the namespace is there again
 */
export async function askWhileGone(
  session: Session,
  namespace: string,
  known: Inventory,
  recovery: Recovery,
  salt: string,
): Promise<Recovery["whileGone"]> {
  const survey = await surveyNamespace(session, namespace);
  if ((await session.cluster.get(namespaces, namespace)) !== undefined) return null;
  // The times of what comes back begin with the rebuild.
  const rows = compareNow(known, survey, { ...recovery, times: {} }, salt);
  // Of many that are missing some have rows of their own now, which they will not have when all is well.
  const names = new Set(namesOfRows(known));
  return rows.filter(({ name }) => names.has(name)).map(({ name, passed, found }) => ({ name, passed, found }));
}
