import { checkGuards } from "../guard/index.ts";
import { onNamespace } from "./activities.ts";
import type { Run } from "./run.ts";

/** The drill of namespaces: look at every object, prove that it would come back, delete, watch it come back, compare. */
export async function loseNamespaces(run: Run): Promise<void> {
  const { inspect, prove, destroy, control, rebuild, verify } = onNamespace;
  const inspections = await run.eachOf("namespace", (input) => run.step("inspect", input.component, inspect, input));
  await run.lock(inspections);
  run.guard("preflight/guards", () => checkGuards(run.facts("preflight", inspections)));
  const proofs = await run.eachOf("namespace", (input) =>
    run.step("proof", input.component, prove, { ...input, inspection: inspections[input.component.name]! }),
  );
  await run.approve(inspections);
  run.guard("destroy/guards", () => checkGuards(run.facts("destroy", inspections, proofs)));
  await run.eachOf("namespace", async (input) => {
    const c = input.component;
    const known = { inspection: inspections[c.name]!, proof: proofs[c.name]! };
    await run.step("destroy", c, destroy, { ...input, ...known });
    await run.optional("gone", c, control, input);
    await run.step("rebuild", c, rebuild, input);
    await run.optional("verify", c, verify, input);
  });
}
