import type { ClusterAccess } from "../../plan/access-schema.ts";
import type { LonghornComponent } from "../../plan/longhorn-schema.ts";
import type { CheckRecord } from "../../report/record.ts";
import { conclude } from "../conclude.ts";
import { withCluster } from "../kubernetes/session.ts";
import type { StepContext } from "../step.ts";
import type { Restored, Verification } from "../verbs.ts";
import { compareContent, compareVolume } from "./checks.ts";
import type { Tree } from "./content.ts";
import { byClaim, type Found } from "./find-volume.ts";
import { requireClusterAfterLoss } from "./right-cluster.ts";
import { expectedContent, type KnownVolume, knownVolume, type Pinned, pinnedBackup } from "./known.ts";
import { listFiles } from "./reach.ts";
import { readerLike } from "./reader.ts";
import { usersOf } from "./workload.ts";

interface Input {
  component: LonghornComponent;
  access: ClusterAccess;
  restored: Restored;
}

/** "shop/data" */
export function claimIn({ place }: Pick<Restored, "place">): { namespace: string; claim: string } {
  const [namespace = "", claim = ""] = place.split("/");
  return { namespace, claim };
}

/** Reads every file of the restored volume, before anything else uses it. @throws CHECKS_FAILED when the data is lost otherwise */
export async function verifyLonghorn(input: Input, context: StepContext): Promise<Verification> {
  const { component, access, restored } = input;
  const known = (await knownVolume(context, component.name).find()) ?? null;
  const pinned = await pinnedBackup(context, component.name).recall();
  return await withCluster(access, context, async (session) => {
    if (known !== null) requireClusterAfterLoss(session, known.cluster, context.run);
    const { namespace, claim } = claimIn(restored);
    const found = await byClaim(session.cluster, namespace, claim);
    const users = await usersOf(session.cluster, namespace, claim);
    const reader = known?.reader ?? readerLike(users[0], claim, component.image);
    const files = await listFiles(session, { component, access, namespace, claim }, reader, context);
    const checks = await checksOf(component, known, found, files, context);
    return conclude(
      component.name,
      {
        checks: [...checks, originCheck(found, pinned)].map((check) => ({ ...check, negativeControl: null })),
        newestRecoveredAt: pinned.snapshotCreatedAt,
        verifiedAt: new Date().toISOString(),
      },
      context,
    );
  });
}

async function checksOf(
  { name }: LonghornComponent,
  known: KnownVolume | null,
  { volume }: Found,
  files: Tree,
  context: StepContext,
) {
  // Of a real loss nobody knows what there was.
  if (context.run.type !== "exercise" || known === null) return [hasFiles(files, context)];
  const expected = await expectedContent(context, name).recall();
  return [...compareContent(expected, files), compareVolume(known.volume, volume)];
}

/** In a new cluster its workload is up already, and may have written the first one: what counts is that all of them were read. */
function hasFiles(files: Tree, { run }: Pick<StepContext, "run">): Omit<CheckRecord, "negativeControl"> {
  const count = Object.values(files).filter(({ content }) => content !== null).length;
  return {
    name: "has-files",
    title: run.scenario === "cluster" ? "Every file can be read" : "It is not empty",
    proven: true,
    passed: count > 0,
    exact: true,
    expected: "at least one file",
    found: `${count} files`,
  };
}

/** The claim must have the very volume that was made from the pinned backup. */
function originCheck({ claim, volume }: Found, { name, url }: Pinned): Omit<CheckRecord, "negativeControl"> {
  const from = volume?.spec?.["fromBackup"];
  const isBound = claim?.status?.["phase"] === "Bound";
  const words = (of: string, bound: boolean) => `a volume from ${of}, ${bound ? "bound" : "not bound"}`;
  const whence = typeof from === "string" && from !== "" ? (from === url ? name : from) : "no backup";
  return {
    name: "origin",
    title: "Made from the pinned backup, and bound to its claim",
    proven: true,
    passed: from === url && isBound,
    exact: true,
    expected: words(name, true),
    found: volume === undefined ? "the claim has no volume of Longhorn's" : words(whence, isBound),
  };
}
