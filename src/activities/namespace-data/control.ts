import { describeFailure } from "../../failures.ts";
import { recallRecovery } from "../namespace/memory.ts";
import { readManifest } from "../pgdump/sets.ts";
import { scratchName } from "../pgdump/restore.ts";
import { check, expectation, newest } from "../pgdump/verify.ts";
import { failAll } from "../postgres/checks.ts";
import { withClient } from "../postgres/client.ts";
import { inspectServer } from "../postgres/server.ts";
import type { StepContext } from "../step.ts";
import type { Backup, Control } from "../verbs.ts";
import type { DataInput } from "./verbs.ts";

type Input = Omit<DataInput, "run"> & { backup: Backup | null; toTime: string | null };

/** How it looks when a database is gone together with its server, or another one answers in its place. */
const gone = new Set(["DATABASE_MISSING", "SYSTEM_UNREACHABLE", "AUTHENTICATION_FAILED"]);

/** Asks the checks of `verify` while the namespace is gone; in a restore they are asked of the place that is restored into. */
export async function controlNamespaceData(
  { component, holder, backup, toTime }: Input,
  context: StepContext,
): Promise<Control> {
  const { run } = context;
  const isDrill = run.type === "exercise";
  const from = backup ?? (isDrill ? null : await newest(component, toTime, run.plan));
  const expected = await expectation(component, from, run);
  const lostAt = isDrill ? (await recallRecovery(context, holder.name)).lostAt : null;
  const place = isDrill ? component.database : scratchName(component, run);
  const none = (why: string) => {
    const checks = failAll(expected, why);
    return { checks, lostAt, note: `all ${checks.length} checks fail: ${why}` };
  };
  try {
    const { systemIdentifier } = await withClient(component.connection, component.maintenanceDatabase, inspectServer);
    // A new server has answered already: what was made in it says nothing of what was lost.
    if (backup !== null && systemIdentifier !== (await readManifest(component, backup.id)).systemIdentifier)
      return none(`another server answers, ${systemIdentifier}`);
    const { checks } = await check(component, place, expected, context);
    const passed = checks.filter((one) => one.passed).length;
    return { checks, lostAt, note: `${passed} of ${checks.length} checks pass in ${place}, which should be gone` };
  } catch (error) {
    const { type, message } = describeFailure(error);
    if (!gone.has(type)) throw error;
    return none(message);
  }
}
