import { checkGuards } from "../guard/index.ts";
import { onNamespace } from "./activities.ts";
import { inspectWithData, restoreData } from "./namespace-data.ts";
import type { Run } from "./run.ts";

/** Brings back namespaces that were lost for real: GitOps makes them again, and their data comes from the newest good backups. */
export async function restoreNamespaces(run: Run): Promise<void> {
  const { recall, rebuild, verify } = onNamespace;
  const inspections = await inspectWithData(run, (input) => run.step("inspect", input.component, recall, input));
  await run.lock(inspections);
  run.guard("preflight/guards", () => checkGuards(run.facts("preflight", inspections)));
  await run.approve(inspections);
  await run.eachOf("namespace", async (input) => {
    await restoreData(run, input, null);
    await run.step("rebuild", input.component, rebuild, input);
    await run.optional("verify", input.component, verify, input);
  });
}
