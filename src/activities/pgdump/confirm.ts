import { fail } from "../../failures.ts";
import type { PgDumpComponent } from "../../plan/schema.ts";
import { describePlace, withClient } from "../postgres/client.ts";
import type { StepContext } from "../step.ts";
import type { Expected, Remains } from "../verbs.ts";
import { oidOf } from "./oid.ts";
import { placedOid } from "./place.ts";
import { checkFiles, readManifest } from "./sets.ts";

/** Whether the database is still as gone as the run that is resumed left it, or is the very one that it has put back. */
export async function confirmPgDump(
  { component, lost, placing, backup }: { component: PgDumpComponent } & Expected,
  context: StepContext,
): Promise<Remains> {
  const { connection, database, maintenanceDatabase } = component;
  const place = describePlace(connection, database);
  const oid = await withClient(connection, maintenanceDatabase, (client) => oidOf(client, database));
  if (oid === undefined) {
    if (backup !== null) await checkFiles(component, await readManifest(component, backup), context);
    return { target: "gone", note: `there is no ${place}${backup === null ? "" : `; ${backup} is whole`}` };
  }
  if (placing && oid === (await placedOid(component, context)))
    return { target: "placed", note: `${place} is the one that was put back, OID ${oid}` };
  if (lost) throw fail("TARGET_EXISTS", `the run that is resumed destroyed ${place}, and there is another one`);
  return { target: "there", note: `${place} is there` };
}
