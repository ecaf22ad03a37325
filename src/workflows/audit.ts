import { lostWithCluster } from "../guard/facts.ts";
import { checkGuards } from "../guard/index.ts";
import type { RunRecord } from "../report/record.ts";
import type { Inspection } from "../activities/verbs.ts";
import { stepId } from "../plan/steps.ts";
import { on, onCluster, onLayer, onNamespace, onWorkload } from "./activities.ts";
import { conduct } from "./conduct.ts";
import type { Request } from "./request.ts";
import type { Run } from "./run.ts";

/**
 * Asks whether everything could be recovered if it were lost now, and whether a drill would be allowed. Changes nothing,
 * and so takes no lock; nobody is asked to decide: what fails is a finding, and the rest is looked at all the same.
 */
export async function audit(request: Request): Promise<RunRecord> {
  return conduct("audit", request, async (run) => {
    const looked = {
      ...(await run.each((c) => run.optional("inspect", c, on(c).inspect, { component: c, toTime: null }))),
      ...(await run.eachOf("namespace", (input) =>
        run.optional("inspect", input.component, onNamespace.inspect, input),
      )),
      ...(await run.eachOf("workload", (input) => run.optional("inspect", input.component, onWorkload.inspect, input))),
      ...(await lookAtCluster(run)),
    };
    const found = Object.entries(looked).filter((one): one is [string, Inspection] => one[1] !== null);
    const inspections = Object.fromEntries(found.map(([name, one]) => [name, withCluster(run, one)]));
    await run.lock(inspections, "look");
    // Every scenario with a loss asks the guards about all that it destroys.
    // Of a workload apart: it and the namespace that it is in are never lost by one drill.
    const drill = (of: (kind: string) => boolean) => {
      const { components, unlocked, ...facts } = run.facts("preflight", inspections);
      const asked = components.filter(({ kind }) => of(kind));
      const own = unlocked.filter(({ component }) => asked.some(({ name }) => name === component));
      return checkGuards({ ...facts, type: "exercise", scenario: "database", components: asked, unlocked: own });
    };
    const isWorkload = (kind: string) => kind === "workload";
    const all = () => [...drill((kind) => !isWorkload(kind)), ...drill(isWorkload)];
    run.guard("preflight/guards", all, "tell");
    await run.each(async (c) => {
      if (c.name in inspections) await run.optional("proof", c, on(c).proveBackup, { component: c, backup: null });
    });
    await run.eachOf("namespace", async (input) => {
      const inspection = inspections[input.component.name];
      if (inspection !== undefined)
        await run.optional("proof", input.component, onNamespace.prove, { ...input, inspection });
    });
    await run.eachOf("workload", async (input) => {
      const inspection = inspections[input.component.name];
      if (inspection !== undefined)
        await run.optional("proof", input.component, onWorkload.prove, { ...input, inspection });
    });
    if (!hasCluster(run)) return;
    const { input } = run.cluster();
    const { component } = input;
    if (component.name in inspections) await run.optional("proof", component, onCluster.prove, input);
  });
}

function hasCluster({ record }: Run): boolean {
  return record.components.some(({ kind }) => kind === "cluster");
}

/** The cluster itself, and the layers that it is made of; those that cannot be looked at are null. */
async function lookAtCluster(run: Run): Promise<Record<string, Inspection | null>> {
  if (!hasCluster(run)) return {};
  const { input, layers } = run.cluster();
  const { component } = input;
  const found: Record<string, Inspection | null> = {};
  found[component.name] = await run.optional("inspect", component, onCluster.inspect, input);
  for (const layer of layers) {
    const seen = await run.ofRun(stepId("inspectLayer", layer.name), onLayer.inspect, { layer });
    found[layer.name] = seen && { target: seen.facts.target, facts: seen.facts, note: seen.note };
  }
  return found;
}

/** Volumes of a plan with a cluster are lost with it. */
function withCluster(run: Run, inspection: Inspection): Inspection {
  const { facts } = inspection;
  return facts.kind === "longhorn" && hasCluster(run) ? { ...inspection, facts: lostWithCluster(facts) } : inspection;
}
