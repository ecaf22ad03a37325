import { fail } from "../../failures.ts";
import { requireClear } from "../guard.ts";
import type { Session } from "../kubernetes/session.ts";
import { verifiedBackup } from "../pgdump/destroy.ts";
import { noteNeeded } from "../pgdump/needed.ts";
import { oidOf } from "../pgdump/oid.ts";
import { describePlace, withClient } from "../postgres/client.ts";
import { stopHeartbeat } from "../postgres/sentinel.ts";
import { inspectServer } from "../postgres/server.ts";
import type { StepContext } from "../step.ts";
import type { Proof } from "../verbs.ts";
import { inspectLive } from "./inspect.ts";
import type { DataInput } from "./verbs.ts";

/**
 * The last look at a database before its namespace goes: it is the one that was dumped, its dump is whole, and all guards are asked
 * of it as well. From here on the dump is all that there is.
 * @throws IDENTITY_CHANGED, BACKUP_NOT_VERIFIED, REFUSED
 */
export async function lastLook(
  session: Session,
  input: Omit<DataInput, "run">,
  proof: Proof,
  context: StepContext,
): Promise<void> {
  const { component } = input;
  const { connection, database, maintenanceDatabase } = component;
  const dump = await verifiedBackup(component, proof, context);
  const live = await withClient(connection, maintenanceDatabase, async (client) => ({
    oid: await oidOf(client, database),
    systemIdentifier: (await inspectServer(client)).systemIdentifier,
  }));
  if (live.oid !== dump.oid || live.systemIdentifier !== dump.systemIdentifier)
    throw fail(
      "IDENTITY_CHANGED",
      `${describePlace(connection, database)} is another database than the one that was dumped`,
    );
  const { facts } = await inspectLive(session, input, context);
  await requireClear(facts, proof, context);
  await stopHeartbeat(context, component.name);
  await noteNeeded(component, proof.backupId);
}
