import { checkGuards } from "../guard/index.ts";
import type { RunRecord } from "../report/record.ts";
import { on } from "./activities.ts";
import { conduct } from "./conduct.ts";
import type { Request } from "./request.ts";

/** Makes backups and proves that they can be read back; then removes old ones. */
export async function backup(request: Request): Promise<RunRecord> {
  return conduct("backup", request, async (run) => {
    const inspections = await run.each((c) => run.step("inspect", c, on(c).inspect, { component: c, toTime: null }));
    await run.lock(inspections);
    run.guard("preflight/guards", () => checkGuards(run.facts("preflight", inspections)));
    await run.each(async (c) => {
      const made = await run.step("backup", c, on(c).backup, { component: c });
      await run.step("proof", c, on(c).proveBackup, { component: c, backup: made });
      await run.optional("retention", c, on(c).retain, { component: c, backup: made, proven: true });
    });
  });
}
