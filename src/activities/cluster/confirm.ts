import type { StepContext } from "../step.ts";
import type { Expected, Remains } from "../verbs.ts";
import { whoAnswers } from "./is-gone.ts";
import { findKnown } from "./memory.ts";
import { confirmRecalled } from "./recall.ts";
import type { ClusterInput } from "./verbs.ts";

/** Whether the old cluster is as gone as the run that is resumed left it. */
export async function confirmCluster(
  { access }: Omit<ClusterInput, "run"> & Expected,
  context: StepContext,
): Promise<Remains> {
  const known = await findKnown(context);
  if (known === undefined) return { target: "there", note: "that run had not looked at it yet" };
  if (context.run.type === "restore") return await confirmRecalled(known, access, context);
  const { who, found } = await whoAnswers(access, context);
  // Some of its layers may be destroyed all the same: the steps that are left find out.
  return { target: who === "old" ? "there" : "gone", note: found };
}
