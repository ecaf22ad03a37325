import { checkGuards } from "../guard/index.ts";
import { on, onNamespace } from "./activities.ts";
import { inspectWithData, restoreData } from "./namespace-data.ts";
import type { Run } from "./run.ts";

/**
 * The drill of namespaces: look at every object, prove that it would come back, delete, watch it come back, compare. The data of a
 * namespace is dumped before, and restored as soon as its server is there again: until then its applications have nothing.
 */
export async function loseNamespaces(run: Run): Promise<void> {
  const { inspect, prove, destroy, control, rebuild, verify } = onNamespace;
  const inspections = await inspectWithData(run, (input) => run.step("inspect", input.component, inspect, input));
  await run.lock(inspections);
  run.guard("preflight/guards", () => checkGuards(run.facts("preflight", inspections)));

  await run.each((c) => run.step("plant", c, on(c).plant, { component: c }));
  const backups = await run.each((c) => run.step("backup", c, on(c).backup, { component: c }));
  const proofs = {
    ...(await run.each((c) => run.step("proof", c, on(c).proveBackup, { component: c, backup: backups[c.name]! }))),
    ...(await run.eachOf("namespace", (input) =>
      run.step("proof", input.component, prove, { ...input, inspection: inspections[input.component.name]! }),
    )),
  };
  await run.approve(inspections);
  run.guard("destroy/guards", () => checkGuards(run.facts("destroy", inspections, proofs)));
  await run.eachOf("namespace", async (input) => {
    const c = input.component;
    const data = run.dataOf(input).map(({ component }) => ({ component, proof: proofs[component.name]! }));
    const known = { inspection: inspections[c.name]!, proof: proofs[c.name]!, ...(data.length > 0 && { data }) };
    await run.step("destroy", c, destroy, { ...input, ...known });
    await run.optional("gone", c, control, input);
    await restoreData(run, input, backups);
    await run.step("rebuild", c, rebuild, input);
    await run.optional("verify", c, verify, input);
  });
  await run.each((c) =>
    run.optional("retention", c, on(c).retain, {
      component: c,
      backup: backups[c.name]!,
      proven: run.isProven(c.name),
    }),
  );
}
