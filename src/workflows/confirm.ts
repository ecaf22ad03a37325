import type { Resumed } from "../activities/resume.ts";
import type { Remains } from "../activities/verbs.ts";
import type { Component } from "../plan/schema.ts";
import { on, onCluster, onData, onNamespace, onWorkload } from "./activities.ts";
import { expectedOf } from "./carry.ts";
import type { Run } from "./run.ts";

type About = <I extends { component: Component }>(input: I) => I & ReturnType<typeof expectedOf>;

/** What a run that is resumed has left of each component, as one sees it now. */
export async function confirmAll(run: Run, resumed: Resumed): Promise<Record<string, Remains>> {
  const about: About = (input) => ({ ...input, ...expectedOf(resumed, input.component.name) });
  if (run.scenario === "cluster") {
    const { input } = run.cluster();
    const found = await run.step("confirm", input.component, onCluster.confirm, about(input));
    // What was in the cluster is where the cluster is.
    return Object.fromEntries(run.record.components.map(({ name }) => [name, found]));
  }
  if (run.scenario === "namespace") return await confirmNamespaces(run, about);
  const { confirm: ofWorkload } = onWorkload;
  return {
    ...(await run.each((c) => run.step("confirm", c, on(c).confirm, about({ component: c })))),
    ...(await run.eachOf("workload", (input) => run.step("confirm", input.component, ofWorkload, about(input)))),
  };
}

/** Data is where its namespace is, unless it is back in its place. */
async function confirmNamespaces(run: Run, about: About): Promise<Record<string, Remains>> {
  const found: Record<string, Remains> = {};
  await run.eachOf("namespace", async (input) => {
    for (const data of run.dataOf(input))
      found[data.component.name] = await run.step("confirm", data.component, onData.confirm, about(data));
    found[input.component.name] = await run.step("confirm", input.component, onNamespace.confirm, about(input));
  });
  return found;
}
