import { join } from "node:path";
import { fail } from "../../failures.ts";
import type { ComponentFacts } from "../../guard/facts.ts";
import { exists, writeAtomically } from "../files.ts";
import { requireClear } from "../guard.ts";
import { requireRemade } from "../namespace/same.ts";
import { recallInventory } from "../namespace/memory.ts";
import { type Session, withCluster } from "../kubernetes/session.ts";
import { databaseExists, oidOf } from "../pgdump/oid.ts";
import { forgetNeeded } from "../pgdump/needed.ts";
import { checkPlace, placeBy } from "../pgdump/place.ts";
import { withClient } from "../postgres/client.ts";
import type { StepContext } from "../step.ts";
import type { Restored, Verification } from "../verbs.ts";
import { admit, isShutOut, swap } from "./fence.ts";
import { factsInNewServer } from "./inspect.ts";
import { dataEntry, requireServer } from "./server.ts";
import { endUsers } from "./users.ts";
import type { DataInput } from "./verbs.ts";

type Input = Omit<DataInput, "run"> & { restored: Restored; proven: boolean };

/**
 * Gives the verified database its name in the new server. What was made there meanwhile, by migrations of the application, is set
 * aside; who has begun there begins anew, and nobody is let in before.
 */
export async function placeNamespaceData(input: Input, context: StepContext): Promise<Verification> {
  const { component, holder, access, restored, proven } = input;
  if (restored.place === component.database) return await leaveInPlace(input, context);
  return await withCluster(access, context, async (session) => {
    await requireRemade(session, holder.namespace, await recallInventory(context, holder.name));
    const identity = await requireServer(session, holder, component);
    return await placeBy(
      { component, restored, proven },
      context,
      async (client) => {
        if (await databaseExists(client, component.database))
          await requireLeave(factsInNewServer(session, input, identity, context), context);
        await swap(client, component, restored.place, context);
      },
      async () => await openAgain(session, input, context),
    );
  });
}

/**
 * What is in the way was made since the loss, in a server that is new; still it is touched only where the configuration lets this
 * worker delete the namespace. @throws REFUSED
 */
async function requireLeave(facts: ComponentFacts, context: StepContext): Promise<void> {
  if (context.run.type === "restore") return await requireClear(facts, null, context);
  if (!facts.listed)
    throw fail(
      "REFUSED",
      `the worker's configuration does not let ${facts.target} be set aside any more`,
      `Put this line back into mayDestroy of the worker's configuration: ${facts.listLine}`,
    );
}

/** Each attempt does what is left of it. */
async function openAgain(session: Session, { component, holder }: Input, context: StepContext): Promise<void> {
  if (!(await isShutOut(component, context))) return;
  const ended = join(context.directory, `users-${component.name}.json`);
  if (!(await exists(ended))) {
    await endUsers(session, holder, dataEntry(holder, component).users, context);
    await writeAtomically(ended, JSON.stringify({ endedAt: new Date().toISOString() }));
  }
  await admit(component, context);
}

async function leaveInPlace({ component, restored, proven }: Input, context: StepContext): Promise<Verification> {
  if (proven) await forgetNeeded(component, restored.backup.id);
  return await withClient(component.connection, component.database, async (client) => {
    const oid = await oidOf(client, component.database);
    return await checkPlace(client, component, oid!, context);
  });
}
