import { conditionOf, type KubernetesObject } from "../kubernetes/object.ts";
import { specOf, statusOf, textIn } from "./kinds.ts";

/** What Longhorn's objects say of how far something is. Pure. */

export type State = { is: "done" } | { is: "working"; text: string } | { is: "failed"; why: string; hint: string };

const working = (text: string): State => ({ is: "working", text });

/** It is taken once it has a time; what stands as its error before may only be that the volume is being attached. */
export function snapshotState(snapshot: KubernetesObject | undefined): State {
  if (snapshot === undefined) return working("the snapshot is not there yet");
  const status = statusOf(snapshot);
  if (textIn(status, "creationTime") !== "") return { is: "done" };
  const error = textIn(status, "error");
  return working(error === "" ? "the snapshot is being taken" : `the snapshot is not taken yet: ${error}`);
}

/** `Completed` is written before the store was read back: without address and time of that it is not done. */
export function backupState(backup: KubernetesObject | undefined): State {
  if (backup === undefined) return working("the backup is not there yet");
  const status = statusOf(backup);
  const state = textIn(status, "state");
  if (state === "Error" || state === "Unknown" || state === "Deleting") {
    const why = [textIn(status, "error"), ...messagesIn(status["messages"])].filter((one) => one !== "").join("; ");
    return {
      is: "failed",
      why: `Longhorn says ${state} of backup ${backup.metadata.name}${why === "" ? "" : `: ${why}`}`,
      hint: "Mend what Longhorn says (its log: kubectl -n longhorn-system logs -l app=longhorn-manager); then retry, which makes another backup.",
    };
  }
  if (state !== "Completed") {
    const said = messagesIn(status["messages"]).join("; ");
    const progress = typeof status["progress"] === "number" ? `, ${status["progress"]} %` : "";
    return working(`the backup is ${state === "" ? "not begun" : state}${progress}${said === "" ? "" : `: ${said}`}`);
  }
  const missing = ["url", "lastSyncedAt", "snapshotCreatedAt", "volumeSize"].filter(
    (key) => textIn(status, key) === "",
  );
  return missing.length === 0
    ? { is: "done" }
    : working(`the backup is Completed, but has no ${missing.join(", ")} yet`);
}

function messagesIn(messages: unknown): string[] {
  return Object.entries((messages ?? {}) as Record<string, string>).map(([kind, text]) => `${kind}: ${text}`);
}

/** Whether a volume that is made from a backup has not all of it yet. */
export function isRestoring(volume: KubernetesObject): boolean {
  const status = statusOf(volume);
  const isMade = textIn(specOf(volume), "fromBackup") !== "";
  return isMade && (status["restoreInitiated"] !== true || status["restoreRequired"] === true);
}

/** Longhorn's own word for a volume without any good replica. */
export const faulted = "faulted";

/**
 * How far a volume is that is made from a backup. `restoreRequired: false` alone says nothing: it is so before the restore begins.
 * @param engines of all volumes, or of this one
 */
export function restoreState(
  volume: KubernetesObject | undefined,
  engines: KubernetesObject[],
  fromBackup: string,
): State {
  if (volume === undefined) return working("the volume is not there yet");
  const { name } = volume.metadata;
  const [spec, status] = [specOf(volume), statusOf(volume)];
  if (spec["fromBackup"] !== fromBackup)
    return {
      is: "failed",
      why: `volume ${name} is made from another backup: ${textIn(spec, "fromBackup") || "none"}`,
      hint: "It is not this run's: move it away, or name another `volume` in the plan; then retry.",
    };
  const restore = conditionOf(volume, "Restore");
  const failure = restore?.status === "False" && restore.reason === "RestoreFailure" ? restore.message : undefined;
  if (failure !== undefined || status["robustness"] === faulted)
    return {
      is: "failed",
      why: `volume ${name} is faulted: ${failure ?? "no replica of it is whole"}`,
      hint: "Delete that volume (never its backup), mend what Longhorn says of its replicas, disks and store; then retry.",
    };
  const isBegun = status["restoreInitiated"] === true;
  if (isBegun && status["restoreRequired"] === false && status["state"] === "detached") return { is: "done" };
  const scheduled = conditionOf(volume, "Scheduled");
  if (scheduled?.status === "False")
    return working(`no place for the volume's replicas: ${scheduled.reason ?? ""} ${scheduled.message ?? ""}`.trim());
  return working(progressText(name, engines, isBegun) ?? `the volume is ${textIn(status, "state") || "being made"}`);
}

interface ReplicaProgress {
  progress?: number;
  error?: string;
}

/** The slowest replica counts. */
function progressText(volume: string, engines: KubernetesObject[], isBegun: boolean): string | undefined {
  const replicas = engines
    .filter(({ metadata }) => metadata.labels?.["longhornvolume"] === volume)
    .flatMap((engine) =>
      Object.values((statusOf(engine)["restoreStatus"] ?? {}) as Record<string, ReplicaProgress | null>),
    )
    .filter((one) => one !== null);
  const error = replicas.map((one) => one.error ?? "").find((one) => one !== "");
  if (error !== undefined) return `a replica cannot restore: ${error}`;
  if (!isBegun || replicas.length === 0) return undefined;
  const least = Math.min(...replicas.map(({ progress = 0 }) => progress));
  return `${least} % restored`;
}
