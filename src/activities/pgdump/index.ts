import type { PgDumpComponent } from "../../plan/schema.ts";
import { plantSentinel } from "../postgres/sentinel.ts";
import type { StepContext } from "../step.ts";
import type { Planted } from "../verbs.ts";

export { backupPgDump } from "./dump.ts";
export { confirmPgDump } from "./confirm.ts";
export { destroyPgDump } from "./destroy.ts";
export { inspectPgDump } from "./inspect.ts";
export { placePgDump } from "./place.ts";
export { provePgDump } from "./prove.ts";
export { restorePgDump } from "./restore.ts";
export { retainPgDump } from "./retain.ts";
export { controlPgDump, verifyPgDump } from "./verify.ts";

export async function plantPgDump(
  { component }: { component: PgDumpComponent },
  context: StepContext,
): Promise<Planted> {
  const planted = await plantSentinel(context, component.name, component.connection, component.database);
  return { ...planted, note: `planted at ${planted.at}; one heartbeat a second` };
}
