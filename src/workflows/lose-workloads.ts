import { checkGuards } from "../guard/index.ts";
import { onWorkload } from "./activities.ts";
import type { Run } from "./run.ts";

/** The drill of workloads: look, plant a sentinel in the data, prove, take the pods away, watch them come back, compare. */
export async function loseWorkloads(run: Run): Promise<void> {
  const { inspect, plant, prove, destroy, control, rebuild, verify } = onWorkload;
  const inspections = await run.eachOf("workload", (input) => run.step("inspect", input.component, inspect, input));
  await run.lock(inspections);
  run.guard("preflight/guards", () => checkGuards(run.facts("preflight", inspections)));
  await run.eachOf("workload", (input) => run.step("plant", input.component, plant, input));
  const proofs = await run.eachOf("workload", (input) =>
    run.step("proof", input.component, prove, { ...input, inspection: inspections[input.component.name]! }),
  );
  await run.approve(inspections);
  run.guard("destroy/guards", () => checkGuards(run.facts("destroy", inspections, proofs)));
  await run.eachOf("workload", async (input) => {
    const c = input.component;
    const known = { inspection: inspections[c.name]!, proof: proofs[c.name]! };
    await run.step("destroy", c, destroy, { ...input, ...known });
    await run.optional("gone", c, control, input);
    await run.step("rebuild", c, rebuild, input);
    await run.optional("verify", c, verify, input);
  });
}
