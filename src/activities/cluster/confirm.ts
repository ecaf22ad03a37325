import { fail } from "../../failures.ts";
import type { StepContext } from "../step.ts";
import type { Expected, Remains } from "../verbs.ts";
import { whoAnswers } from "./is-gone.ts";
import { findKnown } from "./memory.ts";
import type { ClusterInput } from "./verbs.ts";

/** Whether the old cluster is as gone as the run that is resumed left it. */
export async function confirmCluster(
  { access, lost }: Omit<ClusterInput, "run"> & Expected,
  context: StepContext,
): Promise<Remains> {
  if ((await findKnown(context)) === undefined) return { target: "there", note: "that run had not looked at it yet" };
  const { who, found } = await whoAnswers(access, context);
  if (who !== "old") return { target: "gone", note: found };
  if (lost) throw fail("TARGET_EXISTS", `${found}, although the run before has destroyed it`);
  return { target: "there", note: found };
}
