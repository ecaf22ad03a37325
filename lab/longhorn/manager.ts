import { mkdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../operators/api.ts";
import { runBackups } from "./backups.ts";
import { runAttachments, serveCsi } from "./csi.ts";
import { create, namespace, node, patchStatus, pathOf } from "./objects.ts";
import { runProvisioner } from "./provisioner.ts";
import { runSnapshots } from "./snapshots.ts";
import { createStandIn } from "./stand-in.ts";
import { runSync } from "./sync.ts";
import { runVolumes } from "./volumes.ts";
import { serveWebhooks, type WebhookPlace } from "./webhook.ts";

/**
 * A stand-in for Longhorn, which needs iSCSI: acts on the real definitions in a real API server, and moves real data between
 * folders of the node and a real S3 store. What of it is real is said at the head of each file here. It begins when Longhorn's
 * DaemonSet has a pod, whose readiness is that of the webhooks here.
 * Started as `node manager.ts SETTINGS`, which are `ManagerSettings` as JSON.
 */
export interface ManagerSettings {
  kubeconfig: string;
  /** Volumes and snapshots lie below. */
  directory: string;
  /** See `orders.ts`. */
  orders: string;
  kubelet: string;
  webhook: WebhookPlace;
}

const settings = JSON.parse(process.argv[2] ?? "{}") as ManagerSettings;
const api = await connect(settings.kubeconfig);
const standIn = createStandIn(api, settings.directory, settings.orders);
await mkdir(settings.directory, { recursive: true });

/** The API server may be away for a while, and Longhorn not installed yet. */
async function untilInstalled(): Promise<void> {
  for (; ; await sleep(200)) {
    const path = `/apis/apps/v1/namespaces/${namespace}/daemonsets/longhorn-manager`;
    const found = await api.call<{ status?: { currentNumberScheduled?: number } }>("GET", path).catch(() => undefined);
    const isDefined = await api.call("GET", pathOf("volumes")).catch(() => undefined);
    if ((found?.status?.currentNumberScheduled ?? 0) > 0 && isDefined !== undefined) return;
  }
}

/** What Longhorn makes by itself when it starts. */
async function makeDefaults(): Promise<void> {
  const values = {
    "default-replica-count": "3",
    "allow-volume-creation-with-degraded-availability": "true",
    "auto-cleanup-snapshot-after-on-demand-backup-completed": "false",
    "failed-backup-ttl": "1440",
    "concurrent-volume-backup-restore-per-node-limit": "5",
    "default-longhorn-static-storage-class": "longhorn-static",
  };
  for (const [name, value] of Object.entries(values)) await create(api, "settings", name, { value });
  const disks = { default: { path: "/var/lib/longhorn/", allowScheduling: true, storageReserved: 0, tags: [] } };
  await create(api, "nodes", node, { spec: { name: node, allowScheduling: true, disks, tags: [] } });
  const ready = ["Ready", "Schedulable"].map((type) => ({ type, status: "True", reason: "", message: "" }));
  await patchStatus(api, "nodes", node, { conditions: ready });
  const spec = { backupTargetURL: "", credentialSecret: "", pollInterval: "5m0s" };
  await create(api, "backuptargets", "default", { spec });
  const image = "longhornio/longhorn-engine:stand-in";
  await create(api, "engineimages", "ei-stand-in", { spec: { image } });
  await patchStatus(api, "engineimages", "ei-stand-in", { state: "deployed", nodeDeploymentMap: { [node]: true } });
}

await untilInstalled();
await makeDefaults();
await serveCsi(standIn, settings.kubelet);
const attachments = runAttachments(standIn, (volume) => volumes.again(volume));
const volumes = runVolumes(standIn, attachments.wanted);
runSnapshots(standIn, volumes);
runBackups(standIn, volumes);
runSync(standIn);
runProvisioner(standIn);
await serveWebhooks(api, settings.webhook);
console.log("Longhorn's stand-in runs");
