import { askOnce } from "../checks/index.ts";
import type { StepContext } from "../step.ts";
import type { Control } from "../verbs.ts";
import { recallKnown } from "./memory.ts";
import { namesOfRows } from "./rows.ts";
import type { ClusterInput } from "./verbs.ts";
import { whoAnswers } from "./is-gone.ts";

/** Everything that `verify` will ask is asked while the cluster is gone: each must fail. */
export async function controlCluster({ access }: Omit<ClusterInput, "run">, context: StepContext): Promise<Control> {
  const known = await recallKnown(context);
  const { who, found } = await whoAnswers(access, context);
  const passed = who === "old";
  const own = namesOfRows(known).map((name) => ({ name, passed, found }));
  const asked = await askOnce(known.checks, { session: undefined, signal: context.signal });
  const checks = [...own, ...asked.map(({ name, ok, found: what }) => ({ name, passed: ok, found: what }))];
  const answered = checks.filter((one) => one.passed).length;
  const note = answered === 0 ? found : `${answered} of ${checks.length} checks pass although it was destroyed`;
  return { checks, lostAt: null, note };
}
