import { chmod, mkdir, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { exists } from "../../src/activities/files.ts";
import { usedBytes } from "./archive.ts";
import { parseBackupUrl } from "./backup-store.ts";
import { setFormat } from "./encryption.ts";
import { type Controller, control, whilst } from "./control.ts";
import {
  create,
  finalizer,
  get,
  node,
  ownedBy,
  patchStatus,
  pathOf,
  release,
  type Volume,
  withCondition,
} from "./objects.ts";
import { type StandIn, storeOf } from "./stand-in.ts";
import { restore } from "./transfer.ts";

/**
 * Volumes: made, restored, attached while somebody needs them, detached, deleted with their data. Real: the order of states, an
 * Engine and a Replica for each, that `restoreRequired` is not there at first and is false before the volume is detached, faulted
 * volumes. Not real: replicas hold nothing and all are on one node; a volume's data is a folder.
 */
export interface Volumes {
  known: Controller<Volume>["known"];
  again: (volume: string) => void;
  /** Attaches a volume for work on it. @returns what lets go of it again */
  hold: (volume: string, why: string) => Promise<() => void>;
}

export const engineOf = (volume: string) => `${volume}-e-0`;
const replicaOf = (volume: string) => `${volume}-r-0`;

/** @param wanted by a pod, on this node */
export function runVolumes(standIn: StandIn, wanted: (volume: string) => boolean): Volumes {
  const { api } = standIn;
  const tickets = new Map<string, Set<string>>();
  const volumes = control<Volume>(api, pathOf("volumes"), treat);

  async function treat(volume: Volume, gone: boolean): Promise<number | void> {
    const { name, deletionTimestamp } = volume.metadata;
    if (gone) return;
    if (deletionTimestamp !== undefined) return await remove(volume);
    if (volume.status?.state === undefined) return await begin(volume);
    const { restoreRequired, restoreInitiated, robustness, state } = volume.status;
    if (volume.spec.fromBackup && restoreInitiated !== true) {
      await patchStatus(api, "volumes", name, { restoreInitiated: true, restoreRequired: true });
      return;
    }
    if (robustness === "faulted") return;
    if (restoreRequired === true && (await standIn.ordered("unschedulable", name))) return await block(volume);
    if (restoreRequired === true) return await bringBack(volume);
    const needed = wanted(name) || (tickets.get(name)?.size ?? 0) > 0;
    if (needed && state !== "attached") await attach(name);
    if (!needed && state === "attached") await detach(name);
  }

  async function begin(volume: Volume): Promise<void> {
    const { name } = volume.metadata;
    const folder = standIn.folderOf(name);
    await mkdir(folder, { recursive: true });
    // Whoever a pod runs as.
    await chmod(folder, 0o777);
    const metadata = { labels: { longhornvolume: name }, ownerReferences: ownedBy(volume) };
    const spec = { volumeName: name, volumeSize: volume.spec.size, dataEngine: "v1", active: true };
    const { fromBackup = "" } = volume.spec;
    const wish = fromBackup === "" ? {} : { backupVolume: parseBackupUrl(fromBackup).volume };
    await create(api, "engines", engineOf(name), { metadata, spec: { ...spec, ...wish, desireState: "stopped" } });
    await create(api, "replicas", replicaOf(name), { metadata, spec: { ...spec, nodeID: node } });
    await patchStatus(api, "volumes", name, {
      state: fromBackup === "" ? "detached" : "creating",
      robustness: "unknown",
      currentNodeID: "",
      conditions: withCondition(undefined, "Scheduled", "True"),
    });
  }

  async function block({ metadata: { name }, status }: Volume): Promise<number> {
    const message = "insufficient storage; precheck new replica failed";
    const conditions = withCondition(status?.conditions, "Scheduled", "False", "ReplicaSchedulingFailure", message);
    if (!status?.conditions?.some(({ type, status: holds }) => type === "Scheduled" && holds === "False"))
      await patchStatus(api, "volumes", name, { state: "detached", conditions });
    return 500;
  }

  async function setEngine(name: string, running: boolean, more: object = {}): Promise<void> {
    const status = { currentState: running ? "running" : "stopped", started: running, ...more };
    await patchStatus(api, "engines", engineOf(name), status);
  }

  async function attach(name: string): Promise<void> {
    await patchStatus(api, "volumes", name, { state: "attaching" });
    await sleep(200);
    await setEngine(name, true);
    await patchStatus(api, "volumes", name, { state: "attached", robustness: "healthy", currentNodeID: node });
  }

  async function detach(name: string): Promise<void> {
    await patchStatus(api, "volumes", name, {
      state: "detaching",
      actualSize: await usedBytes(standIn.folderOf(name)),
    });
    await sleep(200);
    await setEngine(name, false);
    await patchStatus(api, "volumes", name, { state: "detached", robustness: "unknown", currentNodeID: "" });
  }

  /** Attached for as long as the restore takes, without a frontend: no pod may see half of it. */
  async function bringBack(volume: Volume): Promise<void> {
    const { name } = volume.metadata;
    const { fromBackup = "", backupTargetName } = volume.spec;
    const { backup } = parseBackupUrl(fromBackup);
    const scheduled = withCondition(volume.status?.conditions, "Scheduled", "True");
    const conditions = withCondition(scheduled, "Restore", "True", "RestoreInProgress");
    const replica = `tcp://${replicaOf(name)}:10000`;
    const restoring = async (progress: number, error = "") =>
      await setEngine(name, true, {
        restoreStatus: {
          [replica]: {
            isRestoring: progress < 100 && error === "",
            currentRestoringBackup: progress < 100 ? backup : "",
            lastRestored: progress < 100 ? "" : backup,
            progress,
            state: error !== "" ? "error" : progress < 100 ? "in_progress" : "complete",
            error,
            backupURL: fromBackup,
            filename: "volume-snap-restore.img",
          },
        },
        lastRestoredBackup: progress < 100 ? "" : backup,
      });
    await attach(name);
    await patchStatus(api, "volumes", name, { conditions, robustness: "degraded" });
    let told = -1;
    const report = async (progress: number) => {
      if (!isWanted(name)) return false;
      if (progress !== told) await restoring((told = progress));
      return true;
    };
    try {
      const { store } = await storeOf(standIn, backupTargetName);
      await restore(standIn, store, name, fromBackup, report);
    } catch (error) {
      if (!isWanted(name)) return;
      await restoring(Math.max(0, told), String(error));
      const message = "All replica restore failed and the volume became Faulted";
      const failed = withCondition(conditions, "Restore", "False", "RestoreFailure", message);
      await setEngine(name, false);
      const status = { state: "detached", robustness: "faulted", currentNodeID: "", conditions: failed };
      return await patchStatus(api, "volumes", name, status);
    }
    if (!isWanted(name)) return;
    await restoring(100);
    const done = withCondition(conditions, "Restore", "False");
    await patchStatus(api, "volumes", name, { restoreRequired: false, robustness: "healthy", conditions: done });
    // Detached once even where a pod waits: it needs the frontend that a restore does without.
    await detach(name);
  }

  /** It is there, and nobody deletes it. */
  function isWanted(name: string): boolean {
    const now = volumes.known.get(name);
    return now !== undefined && now.metadata.deletionTimestamp === undefined;
  }

  async function remove(volume: Volume): Promise<number | void> {
    const { name, finalizers = [] } = volume.metadata as Volume["metadata"] & { finalizers?: string[] };
    if (wanted(name)) return 500;
    await rm(standIn.folderOf(name), { recursive: true, force: true });
    await rm(standIn.snapshotOf(name, "."), { recursive: true, force: true });
    await setFormat(standIn, name, undefined);
    if (finalizers.includes(finalizer)) await release(api, "volumes", volume);
  }

  return {
    known: volumes.known,
    again: volumes.again,
    hold: async (name, why) => {
      const held = tickets.get(name) ?? new Set();
      tickets.set(name, held.add(why));
      volumes.again(name);
      await whilst(async () => {
        const volume = await get<Volume>(api, "volumes", name);
        if (volume === undefined) throw new Error(`volume.longhorn.io "${name}" not found`);
        return volume.status?.state !== "attached" || !(await exists(standIn.folderOf(name)));
      });
      return () => {
        held.delete(why);
        volumes.again(name);
      };
    },
  };
}
