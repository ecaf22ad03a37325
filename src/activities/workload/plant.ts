import { fail } from "../../failures.ts";
import { requireCluster, withCluster } from "../kubernetes/session.ts";
import { noteLeftover } from "../leftovers.ts";
import type { StepContext } from "../step.ts";
import type { Planted } from "../verbs.ts";
import { digestOf, type Tree } from "./compare.ts";
import { findWorkload } from "./find.ts";
import { known, sown } from "./memory.ts";
import { sentinelPath, writeSentinel } from "./sentinel.ts";
import { readTree } from "./tree.ts";
import type { WorkloadInput } from "./verbs.ts";
import { placesOf } from "./volumes.ts";

/** Writes the sentinel into each volume that is at stake, and notes what every file there is. Twice is as good as once. */
export async function plantWorkload(
  { component, access }: Omit<WorkloadInput, "run">,
  context: StepContext,
): Promise<Planted> {
  const { name, namespace, data, workload, within } = component;
  if (data === undefined)
    return {
      sha256: "",
      at: new Date().toISOString(),
      note: "the plan names no data: only that the pods come back is proven",
    };
  return await withCluster(access, context, async (session) => {
    const { cluster, pods: taken } = await known.recall(context, name);
    requireCluster(session, cluster);
    const uids = new Set(taken.map(({ uid }) => uid));
    const { pods } = await findWorkload(session, component);
    const { places } = placesOf(
      pods.filter(({ metadata }) => uids.has(metadata.uid ?? "")),
      data,
    );
    if (places.length === 0)
      throw fail("TARGET_GONE", `the pods of ${workload} are others than those that were inspected`);
    const path = sentinelPath(data.directory, context.run);
    const trees: Record<string, Tree> = {};
    let sha256 = "";
    for (const place of places) {
      const file = { namespace, workload, claim: place.claim, container: place.container, path };
      await noteLeftover(context.directory, `sentinel.${name}.${place.claim}`, {
        kind: "sentinel-file",
        access,
        cluster,
        ...file,
      });
      sha256 = await writeSentinel(session, { namespace, path, place }, context.run, context.signal);
      context.progress(`reading every file of ${data.directory} in ${place.claim}`);
      const from = { namespace, directory: data.directory, place, timeoutMs: within };
      trees[place.claim] = await readTree(session, from, context.signal);
    }
    await sown.keep(context, name, { sha256, trees });
    const told = Object.entries(trees).map(
      ([claim, tree]) => `${claim}: ${Object.keys(tree).length} files, sha256 ${digestOf(tree)}`,
    );
    const note = [`sentinel of sha256 ${sha256}`, ...told].join("; ");
    return { sha256, at: new Date().toISOString(), note };
  });
}
