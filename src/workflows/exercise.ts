import { checkGuards } from "../guard/index.ts";
import type { RunRecord } from "../report/record.ts";
import { on } from "./activities.ts";
import { conduct } from "./conduct.ts";
import { loseCluster } from "./lose-cluster.ts";
import { loseNamespaces } from "./lose-namespaces.ts";
import { loseWorkloads } from "./lose-workloads.ts";
import type { Request } from "./request.ts";

/**
 * The drill: plant, back up, prove the backup, destroy, restore, verify. `none` restores beside the live target instead,
 * `namespace` lets GitOps rebuild what was deleted, `workload` a controller the pods that were taken away.
 */
export async function exercise(request: Request): Promise<RunRecord> {
  return conduct("exercise", request, async (run) => {
    if (run.scenario === "namespace") return loseNamespaces(run);
    if (run.scenario === "workload") return loseWorkloads(run);
    if (run.scenario === "cluster") return loseCluster(run);
    const inspections = await run.each((c) => run.step("inspect", c, on(c).inspect, { component: c, toTime: null }));
    await run.lock(inspections);
    run.guard("preflight/guards", () => checkGuards(run.facts("preflight", inspections)));

    await run.each((c) => run.step("plant", c, on(c).plant, { component: c }));
    const backups = await run.each((c) => run.step("backup", c, on(c).backup, { component: c }));
    const proofs = await run.each((c) =>
      run.step("proof", c, on(c).proveBackup, { component: c, backup: backups[c.name]! }),
    );

    const loses = run.scenario !== "none";
    if (loses) {
      await run.approve(inspections);
      run.guard("destroy/guards", () => checkGuards(run.facts("destroy", inspections, proofs)));
      await run.each((c) =>
        run.step("destroy", c, on(c).destroy, {
          component: c,
          inspection: inspections[c.name]!,
          proof: proofs[c.name]!,
        }),
      );
    }

    await run.each((c) =>
      run.optional("control", c, on(c).control, { component: c, backup: backups[c.name]!, toTime: null }),
    );
    const restored = await run.each((c) =>
      run.step("restore", c, on(c).restore, { component: c, backup: backups[c.name]!, toTime: null }),
    );
    await run.each(async (c) => {
      const place = restored[c.name]!;
      await run.optional("verify", c, on(c).verify, {
        component: c,
        backup: backups[c.name]!,
        restored: place,
        toTime: null,
      });
      if (loses)
        await run.step("place", c, on(c).place, { component: c, restored: place, proven: run.isProven(c.name) });
    });
    // Old backups go only now that the new one has proven itself.
    await run.each((c) =>
      run.optional("retention", c, on(c).retain, {
        component: c,
        backup: backups[c.name]!,
        proven: run.isProven(c.name),
      }),
    );
  });
}
