import type { Client } from "@temporalio/client";
import { claimsOf, type ComponentFacts } from "../../guard/facts.ts";
import { checkGuards } from "../../guard/index.ts";
import type { Plan } from "../../plan/schema.ts";
import { type Refusal, type Scenario, scenarios } from "../../report/record.ts";
import { heldByOthers } from "../locks/held.ts";
import { find, type Finding } from "./finding.ts";

/** How the runs are called that the guards are asked about. */
const drills: Record<Scenario, string> = {
  database: "exercise",
  namespace: "exercise --scenario namespace",
  workload: "exercise --scenario workload",
  volume: "exercise --scenario volume",
  cluster: "exercise --scenario cluster",
  none: "exercise --scenario none",
};

const nobody = { workflowId: "", runId: "" };

/**
 * What the guards of a run would say now, of a drill that destroys and of one that does not.
 * @param client undefined where Temporal does not answer; nobody can say then who works on a target
 * @param looked what the inspections have found, of those components that could be inspected
 */
export async function askGuards(
  client: Client | undefined,
  { environment, approvals, freeze = [] }: Plan,
  looked: Record<Scenario, ComponentFacts[]>,
): Promise<Finding[]> {
  const names = new Set(
    Object.values(looked)
      .flat()
      .map(({ name }) => name),
  );
  if (names.size === 0) return [];
  let refusals: { refusal: Refusal; drill: string }[] = [];
  const asked = await find("plan", "guards", async () => {
    const claims = claimsOf(scenarios.filter((one) => one !== "none").flatMap((one) => looked[one]));
    const unlocked = client === undefined ? [] : await heldByOthers(client, nobody, claims);
    const ask = (scenario: Scenario) =>
      looked[scenario].length === 0
        ? []
        : checkGuards({
            type: "exercise",
            scenario,
            environment,
            stage: "preflight",
            components: looked[scenario],
            verified: [],
            unlocked,
            approvals: approvals === undefined ? null : { needed: approvals.destroy, by: [] },
            freeze,
            now: new Date().toISOString(),
          }).map((refusal) => ({ refusal, drill: drills[scenario] }));
    refusals = scenarios.flatMap(ask);
    return `nothing refuses a drill of ${[...names].join(", ")}`;
  });
  return refusals.length === 0 ? [asked] : refused(refusals);
}

/** One finding a refusal, whichever drills it is for. */
function refused(refusals: { refusal: Refusal; drill: string }[]): Finding[] {
  const alike = Map.groupBy(refusals, ({ refusal }) => JSON.stringify(refusal));
  return [...alike.values()].map((of) => {
    const { guard, component, message, hint, passes } = of[0]!.refusal;
    return {
      group: "plan",
      name: component === null ? guard : `${component} ${guard}`,
      status: passes === true ? "warning" : "failed",
      message: `refuses ${of.map(({ drill }) => `\`${drill}\``).join(" and ")}: ${message}`,
      hint,
      type: passes === true ? null : "REFUSED",
    };
  });
}
