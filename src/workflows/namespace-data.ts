import type { NamespaceInput } from "../activities/namespace/verbs.ts";
import type { Backup, Inspection } from "../activities/verbs.ts";
import { onData, onNamespace } from "./activities.ts";
import type { Run } from "./run.ts";

type Holder = Omit<NamespaceInput, "run">;

/** Looks at namespaces and at their data, each namespace at the same time as the others. */
export async function inspectWithData(
  run: Run,
  ofHolder: (input: Holder) => Promise<Inspection>,
): Promise<Record<string, Inspection>> {
  const { toTime } = run;
  const found: Record<string, Inspection> = {};
  await run.eachOf("namespace", async (input) => {
    found[input.component.name] = await ofHolder(input);
    for (const data of run.dataOf(input))
      found[data.component.name] = await run.step("inspect", data.component, onData.inspect, { ...data, toTime });
  });
  return found;
}

/**
 * Restores the data of a namespace once its servers answer, before all the rest of it is waited for: what works with it is
 * kept out until then.
 * @param backups of this run; null for the newest that there are
 */
export async function restoreData(run: Run, input: Holder, backups: Record<string, Backup> | null): Promise<void> {
  const { toTime } = run;
  const all = run.dataOf(input).map((data) => ({ data, backup: backups?.[data.component.name] ?? null }));
  if (all.length === 0) return;
  for (const { data, backup } of all)
    await run.optional("control", data.component, onData.control, { ...data, backup, toTime });
  const servers = all.map(({ data }) => data.component);
  await run.step("servers", input.component, onNamespace.reach, { ...input, data: servers });
  for (const { data, backup } of all) {
    const c = data.component;
    const restored = await run.step("restore", c, onData.restore, { ...data, backup, toTime });
    await run.optional("verify", c, onData.verify, { ...data, restored });
    await run.step("place", c, onData.place, { ...data, restored, proven: run.isProven(c.name) });
  }
}
