import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts } from "./facts.ts";

/** A standby takes no sentinel and is not the original; a server with replicas takes them along when it is lost. */
export function replica(facts: Facts): Refusal[] {
  const standbys = facts.type === "exercise" ? facts.components.filter(({ exists }) => exists) : destroyed(facts);
  return [
    ...standbys
      .filter(({ inRecovery }) => inRecovery)
      .map(({ name, target }) => ({
        guard: "replica",
        component: name,
        message: `${target} is a replica (it is in recovery)`,
        hint: "Name the primary server in the plan's connection, or wait until its recovery has ended.",
      })),
    ...destroyed(facts)
      .filter(({ replicas }) => replicas !== 0)
      .map(({ name, target, replicas }) => ({
        guard: "replica",
        component: name,
        message: `${target} has ${replicas} replica${replicas === 1 ? "" : "s"}, which its loss would break`,
        hint: "Detach the replicas first, or use `--scenario none`, which leaves the live one alone.",
      })),
  ];
}
