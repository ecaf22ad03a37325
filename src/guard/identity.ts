import type { Refusal } from "../report/record.ts";
import type { Facts } from "./facts.ts";

/** Without an identity nobody can tell later whether this is still the same server. */
export function identity({ components }: Facts): Refusal[] {
  return components
    .filter((component) => component.exists && component.identity === "")
    .map(({ name, kind, target, infrastructure }) => ({
      guard: "identity",
      component: name,
      ...(infrastructure !== undefined
        ? ofLayer(target)
        : ["namespace", "workload", "longhorn", "cluster"].includes(kind)
          ? ofCluster(target)
          : ofServer(target)),
    }));
}

function ofServer(target: string): Pick<Refusal, "message" | "hint"> {
  return {
    message: `${target} does not say who it is (its system identifier could not be read)`,
    hint: "Let the user of the plan's connection call pg_control_system(), for example as a member of pg_monitor.",
  };
}

function ofCluster(target: string): Pick<Refusal, "message" | "hint"> {
  return {
    message: `the cluster of ${target} does not say who it is (the uid of kube-system could not be read)`,
    hint: "Let the plan's kubeconfig `get` the namespace kube-system.",
  };
}

function ofLayer(target: string): Pick<Refusal, "message" | "hint"> {
  return {
    message: `${target} does not say who it is (its state has no lineage, or its \`inspect\` prints nothing)`,
    hint: "Let the command of `inspect` print what tells this one from any other, such as an ID that is new after each `apply`.",
  };
}
