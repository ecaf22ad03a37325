import type { Snapshot } from "../../diagnosis/cause.ts";
import { diagnoseNamespace } from "../../diagnosis/index.ts";
import { isTerminating } from "../../diagnosis/terminating.ts";
import { describeFailure, fail } from "../../failures.ts";
import { redact } from "../../redaction.ts";
import { heldWords } from "../kubernetes/held.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Session } from "../kubernetes/session.ts";
import { takeSnapshot } from "../kubernetes/snapshot.ts";
import type { StepContext } from "../step.ts";

/** Why a namespace that was deleted does not go. */

interface Reason {
  message: string;
  hint: string;
}

const orStrip = "Then retry; or name the object in the component's `strip`, then `retry --reload`.";
const mostCauses = 3;

/**
 * The failure of a wait for a namespace to go, with what holds it; what the wait itself says where nothing is known to.
 * @param left what was still in it when the wait ended
 */
export async function whyItStays(
  session: Session,
  namespace: string,
  left: KubernetesObject[],
  error: unknown,
  context: Pick<StepContext, "progress">,
): Promise<unknown> {
  if (describeFailure(error).type !== "TIMED_OUT") return error;
  const reason = reasonOf(await look(session, namespace, context)) ?? heldReason(namespace, left);
  return reason === undefined ? error : fail("TIMED_OUT", reason.message, reason.hint);
}

/** What holds it is known in part without a snapshot: an API server that does not answer any more must not hide that. */
async function look(
  { cluster, resources }: Session,
  namespace: string,
  { progress }: Pick<StepContext, "progress">,
): Promise<Snapshot | undefined> {
  try {
    return await takeSnapshot(cluster, resources, namespace, []);
  } catch (error) {
    progress(`what keeps ${namespace} from going could not be looked for: ${redact(describeFailure(error).message)}`);
    return undefined;
  }
}

/** By the rules of the diagnosis, which knows controllers and dead API services. Pure. */
export function reasonOf(snapshot: Snapshot | undefined): Reason | undefined {
  if (snapshot === undefined || !isTerminating(snapshot)) return undefined;
  const causes = diagnoseNamespace(snapshot);
  const [first] = causes;
  if (first === undefined) return undefined;
  const further = causes.slice(1, mostCauses).map(({ cause }) => cause.replace(/^namespace \S+ cannot go[:,] /, ""));
  const more = causes.length > mostCauses ? [`and ${causes.length - mostCauses} more`] : [];
  return { message: [first.cause, ...further, ...more].join("; "), hint: `${first.hint} ${orStrip}` };
}

/** By the objects alone. */
function heldReason(namespace: string, left: KubernetesObject[]): Reason | undefined {
  const held = heldWords(left);
  if (held === "") return undefined;
  return {
    message: `namespace ${namespace} does not go: ${held}`,
    hint: `Find out why the finalizer's controller does not answer. ${orStrip}`,
  };
}
