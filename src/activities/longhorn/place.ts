import type { ClusterAccess } from "../../plan/access-schema.ts";
import type { LonghornComponent } from "../../plan/longhorn-schema.ts";
import { type Session, withCluster } from "../kubernetes/session.ts";
import type { StepContext } from "../step.ts";
import type { Restored, Verification } from "../verbs.ts";
import type { Expected } from "./checks.ts";
import { forgetLeftover } from "../leftovers.ts";
import { letGo } from "./fence.ts";
import { byClaim } from "./find-volume.ts";
import { requireClusterAfterLoss } from "./right-cluster.ts";
import { expectedContent, knownVolume, pinnedBackup } from "./known.ts";
import { withReach } from "./reach.ts";
import { type Reader, runThere } from "./reader.ts";
import { restoredKey } from "./restore.ts";
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
    if (known !== null) requireClusterAfterLoss(session, known.cluster, context.run);
    await letGo(session, "workload", component.name, context);
    const workload = known?.workload ?? null;
    if (workload !== null && workload.replicas > 0) await untilReady(session.cluster, workload, component, context);
    await letGo(session, "gitops", component.name, context);
    const isDrill = context.run.type === "exercise";
    // A backup of before the run holds none.
    const sentinel = isDrill ? (await expectedContent(context, component.name).recall()).sentinel : null;
    const expected = sentinel === null ? restoredOne : withSentinel;
    const found = await inUse(session, input, { url: pinned.url, sentinel, reader: known?.reader ?? null }, context);
    await forgetLeftover(context.directory, restoredKey(component));
    return {
      checks: [
        {
          name: "place",
          title: `In place: claim ${restored.place}${workload === null ? "" : `, used by ${workload.kind} ${workload.name}`}`,
          proven: true,
          passed: found === expected,
          exact: true,
          negativeControl: null,
          expected,
          found,
        },
      ],
      newestRecoveredAt: null,
      verifiedAt: new Date().toISOString(),
      note: `${restored.place} has ${found}`,
    };
  });
}

const restoredOne = "the restored volume";
const withSentinel = `${restoredOne}, with the sentinel`;

interface Wanted {
  url: string;
  sentinel: Expected["sentinel"];
  reader: Reader | null;
}

/** Looks once more, now that everybody is at work again. */
async function inUse(
  session: Session,
  { component, access, restored }: Input,
  { url, sentinel, reader }: Wanted,
  context: StepContext,
): Promise<string> {
  const where = claimIn(restored);
  const { volume } = await byClaim(session.cluster, where.namespace, where.claim);
  if (volume?.spec?.["fromBackup"] !== url)
    return `volume ${volume?.metadata.name ?? "none"}, which is not the restored one`;
  if (sentinel === null) return restoredOne;
  const whole = { component, access, ...where };
  const sum = await withReach(session, whole, reader, { write: false }, context, async (reach) =>
    runThere(session.cluster, reach, sumScript, [reach.path, sentinel.path], context.signal),
  );
  return sum.startsWith(sentinel.sha256) ? withSentinel : `${restoredOne}, without the sentinel`;
}

const sumScript = 'cd "$1" && { sha256sum "$2" || true; }';
