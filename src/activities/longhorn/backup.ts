import prettyBytes from "pretty-bytes";
import { fail } from "../../failures.ts";
import type { ClusterAccess } from "../../plan/access-schema.ts";
import type { LonghornComponent } from "../../plan/longhorn-schema.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { requireCluster, type Session, withCluster } from "../kubernetes/session.ts";
import type { StepContext } from "../step.ts";
import type { Backup } from "../verbs.ts";
import { findTarget } from "./backup-target.ts";
import { expectedOf, type Expected, unchangedSince } from "./checks.ts";
import { fitting, listBackups, wantedOf } from "./choose.ts";
import { sentinelSha256 } from "./content.ts";
import { backups, longhornNamespace, longhornVersion, snapshots, specOf, textIn } from "./kinds.ts";
import { expectedContent, filesBefore, type KnownVolume, knownVolume, type Pinned, pinnedBackup } from "./known.ts";
import { pin, recordOf, withStore } from "./pin.ts";
import { sentinelName, sentinelSeed, whereOf } from "./plant.ts";
import { labelsOf, listFiles } from "./reach.ts";
import { backupState, snapshotState } from "./states.ts";
import { untilDone } from "./wait.ts";

interface Input {
  component: LonghornComponent;
  access: ClusterAccess;
}

/**
 * Snapshot and Backup, under names that the run decides: called again after a crash it goes on with those. Files are listed
 * before and after the snapshot, because what is written meanwhile may be in it or not.
 */
export async function backupLonghorn(input: Input, context: StepContext): Promise<Backup> {
  const { component, access } = input;
  const known = await knownVolume(context, component.name).recall();
  return await withCluster(access, context, async (session) => {
    requireCluster(session, known.cluster);
    const target = await findTarget(session.cluster, textIn(specOf(known.volume), "backupTargetName") || undefined);
    const made =
      typeof component.backup === "object"
        ? await takeNewest(session, input, known, context)
        : await makeOne(session, input, known, context);
    context.progress("looking for the backup in the store");
    const pinned = await withStore(
      target,
      component.store,
      context.signal,
      async (store) => await pin(store, target, made),
    );
    await pinnedBackup(context, component.name).keep(pinned);
    return await described(session, input, known, pinned, context);
  });
}

async function described(
  session: Session,
  input: Input,
  known: KnownVolume,
  pinned: Pinned,
  context: StepContext,
): Promise<Backup> {
  const { name } = input.component;
  const note = `${pinned.name} of ${pinned.snapshotCreatedAt}, ${prettyBytes(pinned.bytes, { binary: true })}, in the store at ${pinned.url}`;
  // Nothing is compared after a run that only backs up.
  if (context.run.type !== "exercise") return { ...recordOf(pinned), fingerprint: "", note };
  const file = expectedContent(context, name);
  if (typeof input.component.backup === "object") {
    const now = await listFiles(session, whereOf(input, known), known.reader, context);
    await file.keep(unchangedSince(now, pinned.snapshotCreatedAt));
  }
  const { stable, moving } = await file.recall();
  const meanwhile =
    moving === null
      ? ", as far as they are unchanged since"
      : moving.length > 0
        ? `, ${moving.length} being written`
        : "";
  return {
    ...recordOf(pinned),
    fingerprint: file.path,
    note: `${note}; ${Object.keys(stable).length} files to compare${meanwhile}`,
  };
}

/** @throws NO_BACKUP where that job has made none */
async function takeNewest(
  session: Session,
  { component }: Input,
  known: KnownVolume,
  context: StepContext,
): Promise<KubernetesObject> {
  context.progress("looking for the newest backup");
  const listed = await listBackups(session.cluster);
  const [newest] = fitting(listed, { ...wantedOf(component, known.volume.metadata.name), claim: undefined }, null);
  if (newest !== undefined) return newest.backup;
  const job = (component.backup as { recurring: string }).recurring;
  throw fail(
    "NO_BACKUP",
    `RecurringJob ${job} has made no backup of volume ${known.volume.metadata.name}`,
    "Correct `backup.recurring`, or give the volume that job; then retry.",
  );
}

async function makeOne(
  session: Session,
  input: Input,
  known: KnownVolume,
  context: StepContext,
): Promise<KubernetesObject> {
  const { component } = input;
  const { run } = context;
  const { cluster } = session;
  const volume = known.volume.metadata.name;
  const name = backupName(component, context);
  const isDrill = run.type === "exercise";
  const list = async () => await listFiles(session, whereOf(input, known), known.reader, context);
  // Kept before the snapshot is taken: an attempt after a crash could not list it any more.
  const before = isDrill ? await kept(filesBefore(context, component.name), list) : {};
  await cluster.create(snapshotObject(name, volume, context));
  await untilDone(
    cluster,
    (watched) => snapshotState(watched.find("Snapshot", name)),
    { what: `snapshot ${name}`, kinds: [snapshots], failure: "PROGRAM_FAILED", stuckHint: hintFor(volume) },
    component,
    context,
  );
  if (isDrill)
    await kept(expectedContent(context, component.name), async () =>
      expectedOf(before, await list(), sentinelOf(input, context)),
    );
  await cluster.create(backupObject(name, component, known, context));
  await untilDone(
    cluster,
    (watched) => backupState(watched.find("Backup", name)),
    { what: `backup ${name}`, kinds: [backups], failure: "BACKUP_NOT_VERIFIED", stuckHint: hintFor(volume) },
    component,
    context,
  );
  return (await cluster.get(backups, name, longhornNamespace))!;
}

function hintFor(volume: string): string {
  return `Look at volume ${volume} and at Longhorn's manager (kubectl -n longhorn-system logs -l app=longhorn-manager); then retry.`;
}

/** A person's decision to retry makes another one; a crash does not. */
function backupName({ name }: LonghornComponent, { run }: Pick<StepContext, "run">): string {
  return `firedrill-${run.short}${run.tryNo === 0 ? "" : `-${run.tryNo}`}-${name}`;
}

function snapshotObject(name: string, volume: string, context: StepContext): KubernetesObject {
  return {
    apiVersion: longhornVersion,
    kind: "Snapshot",
    metadata: { name, namespace: longhornNamespace },
    spec: { volume, createSnapshot: true, labels: labelsOf(context) },
  };
}

function backupObject(
  name: string,
  component: LonghornComponent,
  { volume, claim, pv }: KnownVolume,
  context: StepContext,
): KubernetesObject {
  // Longhorn writes this label only for backups of its own UI: by it the claim is found again in a new cluster.
  const KubernetesStatus = JSON.stringify({
    pvName: pv?.metadata.name ?? "",
    namespace: claim?.metadata.namespace ?? "",
    pvcName: claim?.metadata.name ?? "",
  });
  return {
    apiVersion: longhornVersion,
    kind: "Backup",
    metadata: { name, namespace: longhornNamespace, labels: { "backup-volume": volume.metadata.name } },
    spec: {
      snapshotName: name,
      backupMode: component.backup,
      labels: { ...labelsOf(context), KubernetesStatus },
    },
  };
}

function sentinelOf({ component }: Input, { run }: StepContext): NonNullable<Expected["sentinel"]> {
  return {
    path: `./${sentinelName(run)}`,
    sha256: sentinelSha256(sentinelSeed(run, component), component.sentinel),
    bytes: component.sentinel,
  };
}

/** What is in a file, or else is made now and put there. */
async function kept<T>(
  file: { find: () => Promise<T | undefined>; keep: (value: T) => Promise<void> },
  make: () => Promise<T>,
) {
  const known = await file.find();
  if (known !== undefined) return known;
  const made = await make();
  await file.keep(made);
  return made;
}
