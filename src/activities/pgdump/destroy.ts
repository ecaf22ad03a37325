import { join } from "node:path";
import { fail } from "../../failures.ts";
import type { PgDumpComponent } from "../../plan/schema.ts";
import { readJson, writeAtomically } from "../files.ts";
import { requireClear } from "../guard.ts";
import { describePlace, identifier, withClient } from "../postgres/client.ts";
import { stopHeartbeat } from "../postgres/sentinel.ts";
import { inspectServer, serverNow } from "../postgres/server.ts";
import type { StepContext } from "../step.ts";
import type { Inspection, Loss, Proof } from "../verbs.ts";
import { inspectPgDump } from "./inspect.ts";
import { noteNeeded } from "./needed.ts";
import { oidOf } from "./oid.ts";
import { checkFiles, type Manifest, readManifest, setId } from "./sets.ts";

/** Drops the database, with the connections that are open. Every guard is asked again here, against the live server. */
export async function destroyPgDump(
  { component, inspection, proof }: { component: PgDumpComponent; inspection: Inspection; proof: Proof },
  context: StepContext,
): Promise<Loss> {
  const intentFile = join(context.directory, `destroy.${component.name}.json`);
  return withClient(component.connection, component.maintenanceDatabase, async (client) => {
    const { systemIdentifier } = await inspectServer(client);
    const place = describePlace(component.connection, component.database);
    if (systemIdentifier !== inspection.facts.identity) {
      throw fail(
        "IDENTITY_CHANGED",
        `${place} belongs to server ${systemIdentifier}, but ${inspection.facts.identity} was inspected`,
      );
    }
    const backup = await verifiedBackup(component, proof, context);
    const intent = await readJson<Loss>(intentFile);
    const oid = await oidOf(client, component.database);
    // It was dropped by this step before the worker died; what bears the name since then is not what was backed up.
    if (intent !== undefined && oid !== backup.oid) return intent;
    if (oid === undefined) throw fail("TARGET_GONE", `there is no database ${place} any more`);
    if (oid !== backup.oid || systemIdentifier !== backup.systemIdentifier) {
      throw fail(
        "IDENTITY_CHANGED",
        `${place} is another database than the one that was backed up (OID ${oid}, not ${backup.oid})`,
      );
    }
    const live = await inspectPgDump({ component, toTime: null }, context);
    if (live.facts.identity !== systemIdentifier)
      throw fail("IDENTITY_CHANGED", `two servers answer for ${place}: ${systemIdentifier} and ${live.facts.identity}`);
    await requireClear(live.facts, proof, context);
    const last = await stopHeartbeat(context, component.name);
    const loss: Loss = {
      lostAt: await serverNow(client),
      note: `dropped; the last of ${last?.n ?? 0} heartbeats was acknowledged at ${last?.at ?? "no time"}`,
    };
    await noteNeeded(component, proof.backupId);
    await writeAtomically(intentFile, JSON.stringify(loss));
    await client.query(`drop database ${identifier(component.database)} with (force)`);
    return loss;
  });
}

/** The dump that was verified must be this run's, and must still be there, whole: a person may have waited for days. */
export async function verifiedBackup(
  component: PgDumpComponent,
  proof: Proof,
  context: StepContext,
): Promise<Manifest> {
  if (proof.backupId !== setId(component, context.run)) {
    throw fail("BACKUP_NOT_VERIFIED", `no backup of ${component.name} was verified in this run`);
  }
  const manifest = await readManifest(component, proof.backupId);
  await checkFiles(component, manifest, context);
  return manifest;
}
