import { checkOutside } from "../outside/checks.ts";
import { whileProbing } from "../outside/probes.ts";
import type { StepContext } from "../step.ts";
import type { Verification } from "../verbs.ts";
import { recallKnown } from "./memory.ts";
import type { ClusterInput } from "./verbs.ts";

/** Those of a plan's checks that are made from outside are asked every second, from the loss until the cluster is back. */

type Asked = Pick<ClusterInput, "component" | "checks">;

const outsideOf = ({ component: { name }, checks }: Asked) => ({
  name,
  checks: checks.filter((check) => check.kind === "http"),
});

/** Does what takes the cluster away, or brings it back, and asks meanwhile. @param input undefined where no cluster is concerned */
export async function whileAsking<T>(
  input: Asked | undefined,
  context: StepContext,
  work: () => Promise<T>,
): Promise<T> {
  return input === undefined ? await work() : await whileProbing(outsideOf(input), context, work);
}

/** For how long they had no answer. Of a real loss nobody has seen the beginning. */
export async function downtimeOf(input: Asked, context: StepContext): Promise<Pick<Verification, "downtimeSeconds">> {
  if (context.run.type !== "exercise") return {};
  const { takenAt } = await recallKnown(context);
  return (await checkOutside(outsideOf(input), context, { lostAt: takenAt })).downtime;
}
