import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts } from "./facts.ts";

/** What lies in an emptyDir, or in the container itself, is gone with its pod. */
export function volatileData(facts: Facts): Refusal[] {
  return destroyed(facts).flatMap(({ name, target, workload }) =>
    (workload?.volatile ?? []).map((why) => ({
      guard: "volatile-data",
      component: name,
      message: `the data of ${target} would not outlive its pods: ${why}`,
      hint: "Put it on a PersistentVolumeClaim, or name the directory of one in the component's `data`.",
    })),
  );
}
