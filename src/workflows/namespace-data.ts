import type { DataInput } from "../activities/namespace-data/verbs.ts";
import type { NamespaceInput } from "../activities/namespace/verbs.ts";
import type { Backup, Inspection } from "../activities/verbs.ts";
import { onData, onNamespace } from "./activities.ts";
import type { Run } from "./run.ts";

type Holder = Omit<NamespaceInput, "run">;
type Data = Omit<DataInput, "run">;

/** Looks at namespaces and at their data, each at the same time as the others. */
export async function inspectWithData(
  run: Run,
  ofHolder: (input: Holder) => Promise<Inspection>,
): Promise<Record<string, Inspection>> {
  const { toTime } = run;
  const found: Record<string, Inspection> = {};
  await run.eachNamespace(async (input, data) => {
    found[input.component.name] = await ofHolder(input);
    for (const one of data)
      found[one.component.name] = await run.step("inspect", one.component, onData.inspect, { ...one, toTime });
  });
  return found;
}

/**
 * Restores the data of a namespace once its servers answer, before all the rest of it is waited for: what works with it is
 * kept out until then.
 * @param backups of this run; null for the newest that there are
 */
export async function restoreData(
  run: Run,
  input: Holder,
  data: Data[],
  backups: Record<string, Backup> | null,
): Promise<void> {
  if (data.length === 0) return;
  const { toTime } = run;
  const backupOf = ({ component }: Data) => backups?.[component.name] ?? null;
  for (const one of data)
    await run.optional("control", one.component, onData.control, { ...one, backup: backupOf(one), toTime });
  const servers = data.map(({ component }) => component);
  await run.step("servers", input.component, onNamespace.reach, { ...input, data: servers });
  for (const one of data) {
    const c = one.component;
    const restored = await run.step("restore", c, onData.restore, { ...one, backup: backupOf(one), toTime });
    await run.optional("verify", c, onData.verify, { ...one, restored });
    await run.step("place", c, onData.place, { ...one, restored, proven: run.isProven(c.name) });
  }
}
