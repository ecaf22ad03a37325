import type { Inspection } from "../activities/verbs.ts";
import { checkGuards } from "../guard/index.ts";
import { on, onCluster, onLayer } from "./activities.ts";
import type { Run } from "./run.ts";

/**
 * Makes a cluster again that was lost for real, layer by layer, and gives it its volumes from their newest good backups before
 * GitOps lets workloads use them.
 * @param list finds the volumes of components that mean many, which only the new cluster can tell
 */
export async function restoreCluster(run: Run, list: () => Promise<void>): Promise<void> {
  const { input, layers } = run.cluster();
  const cluster = input.component;
  const { toTime } = run;
  const inspections: Record<string, Inspection> = {};
  const recalled = await run.step("inspect", cluster, onCluster.recall, input);
  inspections[cluster.name] = recalled;
  for (const layer of layers) {
    const { facts, note } = await run.layer("inspectLayer", layer, onLayer.inspect, { layer });
    // Nothing of it is a target of this run: before it is applied it is looked at that nothing goes.
    inspections[layer.name] = { target: facts.target, facts: { ...facts, exists: false }, note };
    if (recalled.unknown !== null && facts.exists) {
      const there = `${recalled.unknown}, and layer ${layer.name} still has what it is made of: ${note}`;
      inspections[cluster.name] = { ...recalled, facts: { ...recalled.facts, lost: false, there } };
    }
  }
  await run.lock(inspections);
  run.guard("preflight/guards", () => checkGuards(run.facts("preflight", inspections)));
  await run.approve(inspections);

  for (const layer of layers)
    await run.layer("applyLayer", layer, onLayer.apply, { layer, planned: null, cluster: input });
  await run.step("rebuild", cluster, onCluster.rebuild, input);
  await list();

  const restored = await run.each((c) => run.step("restore", c, on(c).restore, { component: c, backup: null, toTime }));
  await run.step("settle", cluster, onCluster.settle, input);
  // Nobody knows what the volumes held, and only the pods that use them know by what image, and as whom, they are read.
  await run.each((c) =>
    run.optional("verify", c, on(c).verify, { component: c, backup: null, restored: restored[c.name]!, toTime }),
  );
  await run.each((c) =>
    run.step("place", c, on(c).place, { component: c, restored: restored[c.name]!, proven: run.isProven(c.name) }),
  );
  await run.optional("verify", cluster, onCluster.verify, input);
}
