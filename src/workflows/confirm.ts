import type { Resumed } from "../activities/resume.ts";
import type { Remains } from "../activities/verbs.ts";
import type { Component } from "../plan/schema.ts";
import { on, onCluster, onNamespace, onWorkload } from "./activities.ts";
import { expectedOf } from "./carry.ts";
import type { Run } from "./run.ts";

/** What a run that is resumed has left of each component, as one sees it now. */
export async function confirmAll(run: Run, resumed: Resumed): Promise<Record<string, Remains>> {
  const about = <I extends { component: Component }>(input: I) => ({
    ...input,
    ...expectedOf(resumed, input.component.name),
  });
  if (run.scenario === "cluster") {
    const { input } = run.cluster();
    const found = await run.step("confirm", input.component, onCluster.confirm, about(input));
    // What was in the cluster is where the cluster is.
    return Object.fromEntries(run.record.components.map(({ name }) => [name, found]));
  }
  const { confirm: ofNamespace } = onNamespace;
  const { confirm: ofWorkload } = onWorkload;
  return {
    ...(await run.each((c) => run.step("confirm", c, on(c).confirm, about({ component: c })))),
    ...(await run.eachOf("namespace", (input) => run.step("confirm", input.component, ofNamespace, about(input)))),
    ...(await run.eachOf("workload", (input) => run.step("confirm", input.component, ofWorkload, about(input)))),
  };
}
