import { closest } from "fastest-levenshtein";
import { fail } from "../failures.ts";
import { withData } from "../plan/namespace-data.ts";
import { kindsOf, saysScenario } from "../plan/outline.ts";
import type { Component, Plan } from "../plan/schema.ts";
import type { RunType } from "../report/record.ts";
import type { Checked } from "./request.ts";

/** Which components of the plan a run is about. @throws REQUEST_INVALID where it names one that there is not, or that it is not for */
export function choose(plan: Plan, { components: names, scenario }: Checked, type: RunType): Component[] {
  const known = plan.components.map(({ name }) => name);
  const unknown = (names ?? []).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw fail(
      "REQUEST_INVALID",
      `plan ${plan.name} has no component "${unknown}"`,
      `Did you mean "${closest(unknown, known)}"?`,
    );
  if (
    scenario === "cluster" &&
    !plan.components.some(({ name, kind }) => kind === "cluster" && names?.includes(name) !== false)
  )
    throw fail(
      "REQUEST_INVALID",
      names === null
        ? `plan ${plan.name} has no component of kind cluster`
        : `scenario "cluster" is about the whole cluster, and not about ${names.join(", ")} alone`,
      "It needs `infrastructure`, `access` and a component of kind `cluster`; name that as well, or no component at all.",
    );
  const kinds = kindsOf(type, scenario);
  // The layers that wait for data would go on, with empty volumes where these should be.
  const leftOut = plan.components.filter(
    ({ name, kind }) => names !== null && kind === "longhorn" && !names.includes(name),
  );
  if (type === "restore" && scenario === "cluster" && leftOut.length > 0)
    throw fail(
      "REQUEST_INVALID",
      `a whole cluster is restored with all of its volumes, and not without ${leftOut.map(({ name }) => name).join(", ")}`,
      "Leave the components out of the request, or a volume that is not wanted any more out of the plan.",
    );
  const chosen = plan.components.filter(({ name }) => names === null || names.includes(name));
  if (scenario === "cluster") requireFindable(chosen);
  const left = chosen.filter(({ kind }) => kinds.includes(kind));
  const all = scenario === "namespace" ? withData(left, plan.components) : left;
  const others = chosen.filter((one) => !all.includes(one));
  if (left.length > 0 && (names === null || others.length === 0)) return all;
  const aim = saysScenario(type, scenario) ? ` of scenario "${scenario}"` : "";
  const what = `${type === "exercise" ? "an" : "a"} ${type}${aim}`;
  throw fail(
    "REQUEST_INVALID",
    `${what} is not for ${others.map(({ name, kind }) => `${name} (${kind})`).join(", ")}`,
    hintsFor[others[0]?.kind ?? "pgdump"],
  );
}

/** A drill could find them as long as the cluster is there; after its real loss nobody could. */
function requireFindable(chosen: Component[]): void {
  const byLabels = chosen.find((one) => one.kind === "longhorn" && one.selector !== undefined);
  if (byLabels === undefined) return;
  throw fail(
    "REQUEST_INVALID",
    `${byLabels.name} chooses claims by labels, of which no backup tells once the cluster is lost`,
    "Write a component for each claim, with `claim`, or one for all claims of the namespace.",
  );
}

const hintsFor: Record<Component["kind"], string> = {
  pgdump: "Leave the scenario out to drill databases, or name the plan's components that it is for.",
  pgbackrest: "Leave the scenario out to drill databases, or name the plan's components that it is for.",
  namespace: "A namespace is drilled, and restored, with `--scenario namespace`, and looked at by `audit`.",
  workload: "A workload is drilled by `exercise --scenario workload`, and looked at by `audit`.",
  cluster: "A whole cluster is drilled, and restored, with `--scenario cluster`, and looked at by `audit`.",
  longhorn: "A volume is drilled by `exercise --scenario volume`, or beside the live one by `--scenario none`.",
};
