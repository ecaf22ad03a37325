import { describeFailure, fail } from "../../failures.ts";
import type { PgBackRestComponent } from "../../plan/schema.ts";
import { withClient } from "../postgres/client.ts";
import type { StepContext } from "../step.ts";
import type { Expected, Remains } from "../verbs.ts";
import { isOwn } from "./make-way.ts";
import { mustRecall } from "./memory.ts";
import { requireReliable } from "./relied-on.ts";
import { verifyRepository } from "./repository.ts";

/**
 * Whether the server is still as gone as the run that is resumed left it, or is the one that it has put back. What lies in
 * the data directory of a server that does not run is for the restore to judge: it knows what it has put there itself.
 */
export async function confirmPgBackRest(
  { component, lost, placing, backup }: { component: PgBackRestComponent } & Expected,
  context: StepContext,
): Promise<Remains> {
  const { connection, database, data } = component;
  const where = `${connection.host}:${connection.port}`;
  const answers = await withClient(connection, database, () => Promise.resolve(true)).catch((error: unknown) => {
    if (describeFailure(error).type === "SYSTEM_UNREACHABLE") return false;
    throw error;
  });
  const own = placing && (await isOwn(component, data, context));
  if (own) return { target: "placed", note: `${data} holds the cluster that was put back` };
  if (!answers) {
    if (backup !== null) await requireWhole(component, backup, context);
    return { target: "gone", note: `no server answers on ${where}${backup === null ? "" : `; ${backup} is whole`}` };
  }
  if (lost)
    throw fail("TARGET_EXISTS", `the run that is resumed emptied ${data}, and a server answers on ${where} again`);
  return { target: "there", note: `a server answers on ${where}` };
}

async function requireWhole(component: PgBackRestComponent, backup: string, context: StepContext): Promise<void> {
  const { archivedSegment } = await mustRecall(context, component, "backup");
  await requireReliable(component, backup, archivedSegment, context);
  await verifyRepository(component, backup, context);
}
