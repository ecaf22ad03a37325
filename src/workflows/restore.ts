import { checkGuards } from "../guard/index.ts";
import type { RunRecord } from "../report/record.ts";
import { on } from "./activities.ts";
import { conduct } from "./conduct.ts";
import type { Request } from "./request.ts";
import { restoreCluster } from "./restore-cluster.ts";
import { restoreNamespaces } from "./restore-namespaces.ts";

/** Recovers what was lost for real, from the newest good backup or to a point in time. Nothing that is found is deleted. */
export async function restore(request: Request): Promise<RunRecord> {
  return conduct("restore", request, async (run, list) => {
    if (run.scenario === "namespace") return restoreNamespaces(run);
    if (run.scenario === "cluster") return restoreCluster(run, list);
    const { toTime } = run;
    const inspections = await run.each((c) => run.step("inspect", c, on(c).inspect, { component: c, toTime }));
    await run.lock(inspections);
    run.guard("preflight/guards", () => checkGuards(run.facts("preflight", inspections)));
    await run.approve(inspections);
    await run.each((c) => run.optional("control", c, on(c).control, { component: c, backup: null, toTime }));
    const restored = await run.each((c) =>
      run.step("restore", c, on(c).restore, { component: c, backup: null, toTime }),
    );
    await run.each(async (c) => {
      await run.optional("verify", c, on(c).verify, {
        component: c,
        backup: null,
        restored: restored[c.name]!,
        toTime,
      });
      await run.step("place", c, on(c).place, {
        component: c,
        restored: restored[c.name]!,
        proven: run.isProven(c.name),
      });
    });
  });
}
