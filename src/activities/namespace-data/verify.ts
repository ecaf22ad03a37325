import type { PgDumpComponent } from "../../plan/schema.ts";
import { conclude } from "../conclude.ts";
import { check, expectation, verifyPgDump } from "../pgdump/verify.ts";
import { withClient } from "../postgres/client.ts";
import { serverNow } from "../postgres/server.ts";
import type { StepContext } from "../step.ts";
import type { Restored, Verification } from "../verbs.ts";
import type { DataInput } from "./verbs.ts";

type Input = Omit<DataInput, "run"> & { restored: Restored };

/** @throws CHECKS_FAILED */
export async function verifyNamespaceData({ component, restored }: Input, context: StepContext): Promise<Verification> {
  if (restored.place !== component.database) return await verifyPgDump({ component, restored }, context);
  return await verifyKept(component, restored, context);
}

/** Steps that a sequence may have made since the dump. */
const anySteps = Number.MAX_SAFE_INTEGER;

/** What came back with its volume has all that was written after the dump, too: such tables are only counted as there. */
async function verifyKept(component: PgDumpComponent, restored: Restored, context: StepContext): Promise<Verification> {
  const { connection, database } = component;
  const expected = await expectation(component, restored.backup, context.run);
  const since = {
    // Only an exercise has one in the live database.
    ...(context.run.type === "restore" && { sentinel: null }),
    sequenceSlack: anySteps,
    explainTable: () => "written since it was dumped",
    isChanging: () => true,
  };
  const { checks, newestRecoveredAt } = await check(component, database, { ...expected, ...since }, context);
  const verifiedAt = await withClient(connection, database, serverNow);
  return conclude(component.name, { checks, newestRecoveredAt, verifiedAt }, context);
}
