import type { StepContext } from "../step.ts";
import type { Control } from "../verbs.ts";
import { namesOfRows } from "./compare-now.ts";
import { askHttp } from "../outside/http-check.ts";
import { requireSame } from "./same.ts";
import { recallInventory, recallRecovery } from "./memory.ts";
import { type Sample, samplesSince } from "../outside/probes.ts";
import { withCluster } from "../kubernetes/session.ts";
import { namespaces } from "../kubernetes/kinds.ts";
import type { NamespaceInput } from "./verbs.ts";

/**
 * The negative control: the checks of the objects were asked when the namespace was gone, and those from outside all the while.
 * Where the namespace was there again before they could be asked, only the uids tell that what was deleted is gone.
 */
export async function controlNamespace(
  { component, access }: Omit<NamespaceInput, "run">,
  context: StepContext,
): Promise<Control> {
  const inventory = await recallInventory(context, component.name);
  const { lostAt, goneAt, whileGone } = await recallRecovery(context, component.name);
  const live = await withCluster(access, context, async (session) => {
    requireSame(session, undefined, inventory);
    return await session.cluster.get(namespaces, component.namespace);
  });
  const isThere = live?.metadata.uid === inventory.uid;
  const found = isThere ? "still there: the namespace was not deleted" : "gone with the old namespace";
  const byUid = () =>
    namesOfRows(inventory).map((name) => ({
      name,
      passed: isThere,
      found,
    }));
  const samples = (await samplesSince(component, context, goneAt ?? lostAt)).filter(
    ({ at }) => live === undefined || at < live.metadata.creationTimestamp!,
  );
  const outside = await Promise.all(
    component.checks.map(async (check) => {
      const own = samples.filter(({ url }) => url === check.url);
      if (own.length > 0) return judge(check.url, own);
      const now = await askHttp(check, context.signal);
      return { name: check.url, passed: now.ok, found: now.found };
    }),
  );
  const checks = [...(whileGone ?? byUid()), ...outside];
  const answered = checks.filter(({ passed }) => passed).length;
  const note =
    answered === 0 ? "all of it is gone" : `${answered} of ${checks.length} checks pass although it was deleted`;
  return { checks, lostAt, note };
}

/** One answer while it was gone is enough: something else answers as well. */
function judge(name: string, samples: Sample[]): Control["checks"][number] {
  const answered = samples.find(({ ok }) => ok);
  if (answered !== undefined) return { name, passed: true, found: `answered at ${answered.at}: ${answered.found}` };
  return { name, passed: false, found: `${samples.length} questions in vain, the last one: ${samples.at(-1)!.found}` };
}
