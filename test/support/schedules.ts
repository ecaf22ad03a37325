import type { Client } from "@temporalio/client";
import { randomBytes } from "node:crypto";
import { Plan } from "../../src/plan/schema.ts";
import { checkRules } from "../../src/plan/rules.ts";

/** A plan of a name that no other test has: they share one server. */
export function scheduledPlan(schedule: object | undefined, name = `plan-${randomBytes(6).toString("hex")}`): Plan {
  const shop = { name: "shop", kind: "pgdump", database: "shop", dumps: "/dumps/shop" };
  const plan = Plan.parse({ name, components: [shop], ...(schedule && { schedule }) });
  const complaints = checkRules(plan);
  if (complaints.length > 0) throw new Error(JSON.stringify(complaints));
  return plan;
}

/** When the server would begin runs of a schedule, ISO 8601 in UTC. */
export async function timesBetween(client: Client, scheduleId: string, from: string, until: string): Promise<string[]> {
  const { startTime } = await client.workflowService.listScheduleMatchingTimes({
    namespace: client.options.namespace,
    scheduleId,
    startTime: { seconds: Date.parse(from) / 1_000 } as never,
    endTime: { seconds: Date.parse(until) / 1_000 } as never,
  });
  return startTime.map(({ seconds: at }) => new Date(Number(at) * 1_000).toISOString().slice(0, 16));
}
