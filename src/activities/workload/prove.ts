import { fail } from "../../failures.ts";
import { claims as claimKind, secrets, serviceAccounts } from "../kubernetes/kinds.ts";
import { requireCluster, type Session, withCluster } from "../kubernetes/session.ts";
import { silentCheck } from "../outside/checks.ts";
import { askForImages, imageProblem } from "../registry/images.ts";
import type { StepContext } from "../step.ts";
import type { Inspection, Proof } from "../verbs.ts";
import { type Found, findWorkload } from "./find.ts";
import { known, sown } from "./memory.ts";
import { readSentinel, sentinelPath } from "./sentinel.ts";
import type { WorkloadInput } from "./verbs.ts";
import { claimsUsedBy, claimWords, placesOf } from "./volumes.ts";

type Input = Omit<WorkloadInput, "run"> & { inspection: Inspection };

/**
 * Asks everybody once more who will be needed: the volumes for the sentinel, the registries for the images. What counts as
 * the backup is the volumes themselves, or without any the workload's own template.
 * @throws BACKUP_NOT_VERIFIED when something of it would not come back
 */
export async function proveWorkload({ component, access }: Input, context: StepContext): Promise<Proof> {
  const { namespace, workload: which } = component;
  return await withCluster(access, context, async (session) => {
    // An audit changes nothing, and so has no sentinel to read.
    const isAudit = context.run.type === "audit";
    if (!isAudit) requireCluster(session, (await known.recall(context, component.name)).cluster);
    const found = await findWorkload(session, component);
    if (found.workload === undefined) throw fail("TARGET_GONE", `there is no ${which} in ${namespace} any more`);
    const [accounts, pullSecrets, claims] = await Promise.all(
      [serviceAccounts, secrets, claimKind].map(
        async (kind) => (await session.cluster.list(kind, { namespace })).objects,
      ),
    );
    const images = await askForImages([found.workload, ...accounts!, ...pullSecrets!], context.signal);
    const unread = isAudit ? undefined : await unreadSentinel(session, component, found, context);
    const problem = imageProblem(images.gone[0]) ?? (await silentCheck(component, context)) ?? unread;
    if (problem !== undefined) throw fail("BACKUP_NOT_VERIFIED", problem.problem, problem.hint);
    const used = claimsUsedBy(found.pods, claims!);
    const id = (claimWords(used) || `generation ${found.workload.metadata.generation} of ${which}`).slice(0, 500);
    const verifiedAt = new Date().toISOString();
    const location = used.length > 0 ? "PersistentVolumes" : "API server";
    const backup = { id, completedAt: verifiedAt, bytes: 0, location, sha256: null };
    return {
      backupId: id,
      verifiedAt,
      note: [id, ...images.unknown.slice(0, 3).map((one) => `not known: ${one}`)].join("; "),
      ...(isAudit && { newest: { backup, takenAt: verifiedAt, whole: true } }),
    };
  });
}

async function unreadSentinel(
  session: Session,
  { name, namespace, data }: Input["component"],
  { pods }: Found,
  context: StepContext,
): Promise<{ problem: string; hint: string } | undefined> {
  if (data === undefined) return undefined;
  const { sha256, trees } = await sown.recall(context, name);
  const { places } = placesOf(pods, data);
  const path = sentinelPath(data.directory, context.run);
  for (const claim of Object.keys(trees)) {
    const place = places.find((one) => one.claim === claim);
    const read =
      place === undefined
        ? { trouble: "no pod has it any more" }
        : await readSentinel(session, { namespace, path, place }, context.signal);
    const hint = "Abort, and look whether another pod, or another cluster, writes to that volume.";
    if (!("sha256" in read) || read.sha256 !== sha256)
      return {
        problem: `the sentinel in ${claim} is not what was written: ${"trouble" in read ? read.trouble : read.sha256}`,
        hint,
      };
  }
  return undefined;
}
