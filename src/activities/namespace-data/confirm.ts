import { describeFailure } from "../../failures.ts";
import { confirmNamespace } from "../namespace/confirm.ts";
import { oidOf } from "../pgdump/oid.ts";
import { placedOid } from "../pgdump/place.ts";
import { checkFiles, readManifest } from "../pgdump/sets.ts";
import { describePlace, withClient } from "../postgres/client.ts";
import type { StepContext } from "../step.ts";
import type { Expected, Remains } from "../verbs.ts";
import type { DataInput } from "./verbs.ts";

/** It is lost with its namespace: then its dump must be whole still, or the run before has put the data back. */
export async function confirmNamespaceData(
  { component, holder, access, ...expected }: Omit<DataInput, "run"> & Expected,
  context: StepContext,
): Promise<Remains> {
  const around = await confirmNamespace({ component: holder, access, ...expected }, context);
  if (around.target === "there") return around;
  const { backup, placing } = expected;
  if (backup !== null) await checkFiles(component, await readManifest(component, backup), context);
  const { connection, database, maintenanceDatabase } = component;
  const placed = placing ? await placedOid(component, context) : undefined;
  const now = await withClient(connection, maintenanceDatabase, (client) => oidOf(client, database)).catch(
    (error: unknown) => {
      if (describeFailure(error).type !== "SYSTEM_UNREACHABLE") throw error;
    },
  );
  if (placed !== undefined && now === placed)
    return {
      target: "placed",
      note: `${describePlace(connection, database)} is the one that was put back, OID ${now}`,
    };
  return { target: "gone", note: `${around.note}${backup === null ? "" : `; ${backup} is whole`}` };
}
