import type { ClusterAccess } from "../../plan/access-schema.ts";
import type { LonghornComponent } from "../../plan/longhorn-schema.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import { withCluster } from "../kubernetes/session.ts";
import type { StepContext } from "../step.ts";
import type { Control } from "../verbs.ts";
import { replaces } from "./aims.ts";
import { compareContent, compareVolume } from "./checks.ts";
import { requireClusterAfterLoss } from "./right-cluster.ts";
import { longhornNamespace, volumes } from "./kinds.ts";
import { expectedContent, type KnownVolume, knownVolume } from "./known.ts";
import { scratchName } from "./wish.ts";

interface Input {
  component: LonghornComponent;
  access: ClusterAccess;
}

/** Asks the checks while the volume is lost, or before there is one beside it: each must fail. */
export async function controlLonghorn({ component, access }: Input, context: StepContext): Promise<Control> {
  const { run } = context;
  // Of a real loss nothing is known that could be asked for.
  if (run.type !== "exercise") return { checks: [], lostAt: null, note: "it is gone, and nothing of it is known" };
  const known = await knownVolume(context, component.name).recall();
  const expected = await expectedContent(context, component.name).recall();
  const lostAt = replaces(run) ? null : new Date().toISOString();
  const why = await withCluster(access, context, async (session) => {
    requireClusterAfterLoss(session, known.cluster, context.run);
    return await whyGone(session.cluster, component, known, context);
  });
  const asked = [...compareContent(expected, null, why ?? ""), compareVolume(known.volume, undefined)];
  const checks = asked.map(({ name, found }) => ({
    name,
    passed: why === null,
    found: why === null ? "the volume is still there" : found,
  }));
  const note =
    why === null ? "the volume is still there: nothing of it was lost" : `all ${checks.length} checks fail: ${why}`;
  return { checks, lostAt, note };
}

/** Null where the volume is there. */
async function whyGone(
  cluster: Cluster,
  component: LonghornComponent,
  known: KnownVolume,
  { run }: StepContext,
): Promise<string | null> {
  if (replaces(run)) {
    const { name, uid } = known.volume.metadata;
    const live = await cluster.get(volumes, name, longhornNamespace);
    return live?.metadata.uid === uid ? null : `volume ${name} is gone`;
  }
  const scratch = scratchName(component, run);
  const live = await cluster.get(volumes, scratch, longhornNamespace);
  return live === undefined ? `there is no volume ${scratch} yet` : null;
}
