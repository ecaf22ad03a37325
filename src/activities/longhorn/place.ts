import type { ClusterAccess } from "../../plan/access-schema.ts";
import type { LonghornComponent } from "../../plan/longhorn-schema.ts";
import { type Session, withCluster } from "../kubernetes/session.ts";
import type { StepContext } from "../step.ts";
import type { Restored, Verification } from "../verbs.ts";
import { letGo } from "./fence.ts";
import { byClaim } from "./find-volume.ts";
import { requireSameCluster } from "./inspect.ts";
import { expectedContent, knownVolume, type Pinned, pinnedBackup } from "./known.ts";
import { withReach } from "./reach.ts";
import { type Reader, runThere } from "./reader.ts";
import { untilReady } from "./workload.ts";
import { claimIn } from "./verify.ts";

interface Input {
  component: LonghornComponent;
  access: ClusterAccess;
  restored: Restored;
}

/** Lets the workload have the restored volume, waits until it is ready, and only then lets GitOps go on. */
export async function placeLonghorn(input: Input, context: StepContext): Promise<Verification> {
  const { component, access, restored } = input;
  const known = (await knownVolume(context, component.name).find()) ?? null;
  const pinned = await pinnedBackup(context, component.name).recall();
  return await withCluster(access, context, async (session) => {
    if (known !== null) requireSameCluster(session, known.cluster);
    await letGo(session, "workload", component.name, context);
    const workload = known?.workload ?? null;
    if (workload !== null && workload.replicas > 0) await untilReady(session.cluster, workload, component, context);
    await letGo(session, "gitops", component.name, context);
    const { passed, found } = await inUse(session, input, pinned, known?.reader ?? null, context);
    const user = workload === null ? "" : `, used by ${workload.kind} ${workload.name}`;
    return {
      checks: [
        {
          name: "place",
          title: "In place under its own claim",
          proven: true,
          passed,
          exact: true,
          negativeControl: null,
          expected: `claim ${restored.place} has the restored volume, with the sentinel${user}`,
          found,
        },
      ],
      newestRecoveredAt: null,
      verifiedAt: new Date().toISOString(),
      note: `${restored.place}: ${found}`,
    };
  });
}

/** Looks once more, now that everybody is at work again. */
async function inUse(
  session: Session,
  { component, access, restored }: Input,
  { url }: Pinned,
  reader: Reader | null,
  context: StepContext,
) {
  const where = claimIn(restored);
  const { volume } = await byClaim(session.cluster, where.namespace, where.claim);
  if (volume?.spec?.["fromBackup"] !== url)
    return { passed: false, found: `volume ${volume?.metadata.name ?? "none"}, which is not the restored one` };
  const { name } = volume.metadata;
  const sentinel =
    context.run.type === "exercise" ? (await expectedContent(context, component.name).recall()).sentinel : null;
  if (sentinel === null) return { passed: true, found: `volume ${name}` };
  const sum = await withReach(
    session,
    { component, access, ...where },
    reader,
    { write: false },
    context,
    async (reach) =>
      runThere(
        session.cluster,
        reach,
        'cd "$1" && { sha256sum "$2" || true; }',
        [reach.path, sentinel.path],
        context.signal,
      ),
  );
  const passed = sum.startsWith(sentinel.sha256);
  return { passed, found: `volume ${name}, ${passed ? "with" : "without"} the sentinel` };
}
