import type { LayerInspection, PlannedDestruction } from "../activities/infrastructure/verbs.ts";
import type { Inspection, Proof } from "../activities/verbs.ts";
import { lostWithCluster } from "../guard/facts.ts";
import { checkGuards } from "../guard/index.ts";
import type { Layer } from "../plan/infrastructure-schema.ts";
import { on, onCluster, onLayer } from "./activities.ts";
import type { Run } from "./run.ts";

/**
 * The drill of a whole cluster: back up its volumes, destroy it layer by layer, make it anew, restore the volumes before GitOps
 * lets workloads use them, and compare.
 */
export async function loseCluster(run: Run): Promise<void> {
  const { input, layers } = run.cluster();
  const cluster = input.component;
  const looked = await look(run, layers);
  run.guard("preflight/guards", () => checkGuards(run.facts("preflight", looked.inspections)));

  await run.each((c) => run.step("plant", c, on(c).plant, { component: c }));
  const backups = await run.each((c) => run.step("backup", c, on(c).backup, { component: c }));
  const proofs = await run.each((c) =>
    run.step("proof", c, on(c).proveBackup, { component: c, backup: backups[c.name]! }),
  );
  proofs[cluster.name] = await run.step("proof", cluster, onCluster.prove, input);
  await run.approve(looked.inspections);
  const all = { ...proofs, ...looked.plans };
  run.guard("destroy/guards", () => checkGuards(run.facts("destroy", looked.inspections, all)));

  const data = Object.values(await run.each(async (c) => c));
  for (const layer of layers.toReversed()) {
    const known = { inspection: looked.layers[layer.name]!, planned: looked.planned[layer.name]! };
    // With which of them the volumes go nobody knows, and between two of them may lie days.
    const { input: now } = run.cluster();
    const isFirst = layer === layers.at(-1);
    await run.layer("destroyLayer", layer, onLayer.destroy, { layer, ...known, data, cluster: now, isFirst });
  }
  await run.optional("gone", cluster, onCluster.control, input);
  for (const layer of layers)
    await run.layer("applyLayer", layer, onLayer.apply, {
      layer,
      planned: looked.planned[layer.name]!,
      cluster: input,
    });
  await run.step("rebuild", cluster, onCluster.rebuild, input);

  await run.each((c) =>
    run.optional("control", c, on(c).control, { component: c, backup: backups[c.name]!, toTime: null }),
  );
  const restored = await run.each((c) =>
    run.step("restore", c, on(c).restore, { component: c, backup: backups[c.name]!, toTime: null }),
  );
  await run.each((c) =>
    run.optional("verify", c, on(c).verify, {
      component: c,
      backup: backups[c.name]!,
      restored: restored[c.name]!,
      toTime: null,
    }),
  );
  await run.step("settle", cluster, onCluster.settle, input);
  await run.each((c) =>
    run.step("place", c, on(c).place, { component: c, restored: restored[c.name]!, proven: run.isProven(c.name) }),
  );
  await run.optional("verify", cluster, onCluster.verify, input);
  await run.each((c) =>
    run.optional("retention", c, on(c).retain, {
      component: c,
      backup: backups[c.name]!,
      proven: run.isProven(c.name),
    }),
  );
}

interface Looked {
  /** Of the cluster, its volumes and its layers, with what the plans of destruction would take. */
  inspections: Record<string, Inspection>;
  layers: Record<string, LayerInspection>;
  planned: Record<string, PlannedDestruction>;
  /** The plans, as what was verified before the destruction. */
  plans: Record<string, Proof>;
}

/** Looks at everything, plans the destruction of each layer, and takes it all for this run alone. */
async function look(run: Run, layers: Layer[]): Promise<Looked> {
  const { input } = run.cluster();
  const found: Looked = { inspections: {}, layers: {}, planned: {}, plans: {} };
  found.inspections[input.component.name] = await run.step("inspect", input.component, onCluster.inspect, input);
  const volumes = await run.each((c) => run.step("inspect", c, on(c).inspect, { component: c, toTime: null }));
  for (const [name, one] of Object.entries(volumes))
    found.inspections[name] = { ...one, facts: lostWithCluster(one.facts) };
  for (const layer of layers)
    found.layers[layer.name] = await run.layer("inspectLayer", layer, onLayer.inspect, { layer });
  for (const layer of layers.toReversed()) {
    const inspection = found.layers[layer.name]!;
    const planned = await run.layer("planLayer", layer, onLayer.plan, { layer, inspection });
    found.planned[layer.name] = planned;
    found.plans[layer.name] = { backupId: planned.id, verifiedAt: planned.at, note: planned.note };
    found.inspections[layer.name] = { target: planned.facts.target, facts: planned.facts, note: planned.note };
  }
  await run.lock(found.inspections);
  return found;
}
