import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { exists } from "../../src/activities/files.ts";
import type { KubernetesObject } from "../operators/api.ts";
import { control } from "./control.ts";
import { openDisk } from "./encryption.ts";
import { serveGrpc } from "./grpc.ts";
import { driver, get, node, type Volume } from "./objects.ts";
import type { StandIn } from "./stand-in.ts";

/**
 * Volumes get to pods as by Longhorn's CSI driver. Real: that the node registers it, VolumeAttachments and why one is refused,
 * and that the kubelet asks it to stage with the secrets of the PersistentVolume, to mount and to unmount. Not real: what is
 * mounted is the volume's folder, not a disk, and staging mounts nothing.
 */

interface Attachment extends KubernetesObject {
  spec: { attacher: string; source: { persistentVolumeName?: string } };
  status?: { attached?: boolean; attachError?: { message?: string } };
}

export interface Attachments {
  /** Is there one for it? */
  wanted: (volume: string) => boolean;
}

const path = "/apis/storage.k8s.io/v1/volumeattachments";

/** @param again treats a volume again */
export function runAttachments({ api }: StandIn, again: (volume: string) => void): Attachments {
  const volumeOf = new Map<string, string>();
  control<Attachment>(api, path, async (attachment, gone) => {
    const { name, deletionTimestamp } = attachment.metadata;
    if (attachment.spec.attacher !== driver) return;
    if (gone || deletionTimestamp !== undefined) {
      const volume = volumeOf.get(name);
      volumeOf.delete(name);
      if (volume !== undefined) again(volume);
      return;
    }
    const pv = await api.call<{ spec: { csi?: { volumeHandle: string } } }>(
      "GET",
      `/api/v1/persistentvolumes/${attachment.spec.source.persistentVolumeName}`,
    );
    const handle = pv?.spec.csi?.volumeHandle ?? "";
    const volume = await get<Volume>(api, "volumes", handle);
    const reason = refusal(handle, volume);
    if (reason !== undefined) {
      const message = `rpc error: code = Aborted desc = volume ${handle} is not ready for workloads: ${reason}`;
      if (attachment.status?.attachError?.message !== message)
        await api.call("PATCH", `${path}/${name}/status`, { status: { attached: false, attachError: { message } } });
      return 500;
    }
    volumeOf.set(name, handle);
    again(handle);
    if (volume?.status?.state !== "attached") return 100;
    if (attachment.status?.attached !== true)
      await api.call("PATCH", `${path}/${name}/status`, { status: { attached: true, attachError: null } });
  });
  return { wanted: (volume) => [...volumeOf.values()].includes(volume) };
}

function refusal(name: string, volume: Volume | undefined): string | undefined {
  if (volume === undefined) return `volume.longhorn.io "${name}" not found`;
  if (volume.status?.robustness === "faulted") return "volume is faulted";
  const { restoreInitiated, restoreRequired } = volume.status ?? {};
  const isBackFirst = (volume.spec.fromBackup ?? "") !== "" && restoreInitiated !== true;
  return restoreRequired === true || isBackFirst ? "volume requires restoration" : undefined;
}

/** Of the kubelet's registration of plugins, and of CSI 1: the fields that are used here, at their numbers. */
const registration = `
syntax = "proto3"; package pluginregistration;
message InfoRequest {}
message PluginInfo { string type = 1; string name = 2; string endpoint = 3; repeated string supported_versions = 4; }
message RegistrationStatus { bool plugin_registered = 1; string error = 2; }
message RegistrationStatusResponse {}`;

const csi = `
syntax = "proto3"; package csi.v1;
message GetPluginInfoRequest {}
message GetPluginInfoResponse { string name = 1; string vendor_version = 2; }
message GetPluginCapabilitiesRequest {}
message GetPluginCapabilitiesResponse {}
message ProbeRequest {}
message ProbeResponse {}
message NodeGetInfoRequest {}
message NodeGetInfoResponse { string node_id = 1; }
message NodeGetCapabilitiesRequest {}
message NodeServiceCapability { Rpc rpc = 1; }
message Rpc { int32 type = 1; }
message NodeGetCapabilitiesResponse { repeated NodeServiceCapability capabilities = 1; }
message NodeStageVolumeRequest { string volume_id = 1; string staging_target_path = 3; map<string, string> secrets = 5; }
message NodeStageVolumeResponse {}
message NodeUnstageVolumeRequest { string volume_id = 1; string staging_target_path = 2; }
message NodeUnstageVolumeResponse {}
message NodePublishVolumeRequest { string volume_id = 1; string target_path = 4; bool readonly = 6; }
message NodePublishVolumeResponse {}
message NodeUnpublishVolumeRequest { string volume_id = 1; string target_path = 2; }
message NodeUnpublishVolumeResponse {}`;

/** Of what a node can do: stage a volume once, before it is mounted for each pod. */
const stages = { rpc: { type: 1 } };

/** @param kubelet its directory */
export async function serveCsi(standIn: StandIn, kubelet: string): Promise<void> {
  const { api, folderOf } = standIn;
  // A short path: that of a socket has at most 107 characters.
  const endpoint = "/run/longhorn-csi.sock";
  await serveGrpc(endpoint, csi, {
    "/csi.v1.Identity/GetPluginInfo": () => ({ name: driver, vendorVersion: "stand-in" }),
    "/csi.v1.Identity/GetPluginCapabilities": () => ({}),
    "/csi.v1.Identity/Probe": () => ({}),
    "/csi.v1.Node/NodeGetInfo": () => ({ nodeId: node }),
    "/csi.v1.Node/NodeGetCapabilities": () => ({ capabilities: [stages] }),
    "/csi.v1.Node/NodeStageVolume": async ({ volumeId, secrets = {} }) => {
      const volume = await get<Volume>(api, "volumes", String(volumeId));
      if (volume === undefined) throw new Error(`volume ${String(volumeId)} is not there`);
      await openDisk(standIn, volume, secrets as Record<string, string>);
      return {};
    },
    "/csi.v1.Node/NodeUnstageVolume": () => ({}),
    "/csi.v1.Node/NodePublishVolume": async ({ volumeId, targetPath, readonly }) => {
      const [folder, target] = [folderOf(String(volumeId)), String(targetPath)];
      if (!(await exists(folder))) throw new Error(`volume ${String(volumeId)} is not attached`);
      await mkdir(target, { recursive: true });
      if (await isMounted(target)) return {};
      await execa("mount", ["--bind", folder, target]);
      if (readonly === true) await execa("mount", ["-o", "remount,bind,ro", target]);
      return {};
    },
    "/csi.v1.Node/NodeUnpublishVolume": async ({ targetPath }) => {
      const target = String(targetPath);
      if (await isMounted(target)) await execa("umount", [target]);
      await rm(target, { recursive: true, force: true });
      return {};
    },
  });
  const place = join(kubelet, "plugins_registry");
  await mkdir(place, { recursive: true });
  const info = { type: "CSIPlugin", name: driver, endpoint, supportedVersions: ["1.0.0"] };
  await serveGrpc(
    join(place, `${driver}-reg.sock`),
    registration,
    {
      "/pluginregistration.Registration/GetInfo": () => info,
      "/pluginregistration.Registration/NotifyRegistrationStatus": ({ pluginRegistered, error }) => {
        if (pluginRegistered !== true) console.error(`the kubelet does not register the driver: ${String(error)}`);
        return {};
      },
    },
    {
      GetInfo: ["InfoRequest", "PluginInfo"],
      NotifyRegistrationStatus: ["RegistrationStatus", "RegistrationStatusResponse"],
    },
  );
}

async function isMounted(target: string): Promise<boolean> {
  return (await execa("mountpoint", ["--quiet", target], { reject: false })).exitCode === 0;
}
