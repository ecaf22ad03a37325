import { mkdir, rm } from "node:fs/promises";
import { execa } from "execa";
import { exists } from "../../src/activities/files.ts";
import { usedBytes } from "./archive.ts";
import { control } from "./control.ts";
import { get, now, patchStatus, pathOf, release, type Snapshot, type Volume } from "./objects.ts";
import type { StandIn } from "./stand-in.ts";
import { engineOf, type Volumes } from "./volumes.ts";

/**
 * Snapshots: a copy of the volume's folder. Real: that a detached volume is attached for it, with an error in `status` meanwhile
 * that is none; that it is kept while the volume is; that it is no longer ready to use when the volume is detached.
 * Not real: chains of snapshots, purging, checksums.
 */
export function runSnapshots(standIn: StandIn, volumes: Volumes): void {
  const { api } = standIn;
  control<Snapshot>(api, pathOf("snapshots"), async (snapshot, gone) => {
    const { name, deletionTimestamp } = snapshot.metadata;
    const { volume, createSnapshot = false } = snapshot.spec;
    const place = standIn.snapshotOf(volume, name);
    if (gone) return;
    if (deletionTimestamp !== undefined) {
      await rm(place, { recursive: true, force: true });
      return await release(api, "snapshots", snapshot);
    }
    const { creationTime = "", readyToUse = false } = snapshot.status ?? {};
    if (creationTime !== "") {
      const attached = volumes.known.get(volume)?.status?.state === "attached";
      const isThere = await exists(place);
      const error = isThere ? "" : "snapshotErrorLost";
      if (readyToUse !== (attached && isThere) || (snapshot.status?.error ?? "") !== error)
        await patchStatus(api, "snapshots", name, { readyToUse: attached && isThere, error });
      return 2_000;
    }
    if (!createSnapshot) {
      const error = "lost track of the corresponding snapshot info inside volume engine";
      return await patchStatus(api, "snapshots", name, { error });
    }
    const found = await get<Volume>(api, "volumes", volume);
    if (found?.status?.state !== "attached") {
      const why = `the volume engine ${engineOf(volume)} is not running. Waiting for the volume to be attached`;
      await patchStatus(api, "snapshots", name, { error: `failed to take snapshot because ${why}` });
    }
    const letGo = await volumes.hold(volume, `snapshot ${name}`);
    try {
      await rm(place, { recursive: true, force: true });
      await mkdir(place, { recursive: true });
      await execa("cp", ["--archive", "--reflink=auto", `${standIn.folderOf(volume)}/.`, place]);
      const size = await usedBytes(place);
      const times = { creationTime: now(), requestedTime: now() };
      const status = { ...times, readyToUse: true, error: "", size, restoreSize: size, userCreated: true };
      await patchStatus(api, "snapshots", name, { ...status, labels: snapshot.spec.labels ?? {} });
    } finally {
      letGo();
    }
    return 2_000;
  });
}
