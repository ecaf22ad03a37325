import type { StepContext } from "../step.ts";
import type { Control } from "../verbs.ts";
import { expected, recallInventory, recallRecovery } from "./memory.ts";
import { type Sample, samplesSince } from "./probes.ts";
import { askHttp } from "./http-check.ts";
import { rowNames } from "./rows.ts";
import { withCluster } from "./session.ts";
import { namespaces } from "./survey.ts";
import type { NamespaceInput } from "./verbs.ts";

/**
 * The negative control: what was deleted must be gone, and no check from outside may have been answered all the while. An
 * object goes with its namespace; one of the same name in a new namespace is another one.
 */
export async function controlNamespace(
  { component, access }: Omit<NamespaceInput, "run">,
  context: StepContext,
): Promise<Control> {
  const inventory = await recallInventory(context, component.name);
  const { lostAt, goneAt } = await recallRecovery(context, component.name);
  const live = await withCluster(access, context, ({ cluster }) => cluster.get(namespaces, component.namespace));
  const isThere = live?.metadata.uid === inventory.uid;
  const found = isThere ? "still there: the namespace was not deleted" : "gone with the old namespace";
  const objects = rowNames(expected(inventory)).map((name) => ({ name, passed: isThere, found }));
  const samples = await samplesSince(component, context, goneAt ?? lostAt);
  const outside = await Promise.all(
    component.checks.map(async (check) => {
      const own = samples.filter(({ url }) => url === check.url);
      const failed = own.filter(({ ok }) => !ok);
      if (failed.length > 0) return { name: check.url, passed: false, found: lastOf(failed) };
      const now = await askHttp(check, context.signal);
      return { name: check.url, passed: now.ok, found: now.found };
    }),
  );
  const checks = [...objects, ...outside];
  const answered = checks.filter(({ passed }) => passed).length;
  const note =
    answered === 0 ? "all of it is gone" : `${answered} of ${checks.length} checks pass although it was deleted`;
  return { checks, lostAt, note };
}

function lastOf(samples: Sample[]): string {
  return `${samples.length} questions in vain, the last one: ${samples.at(-1)!.found}`;
}
