import { applyManifests, kubectl, waitUntil } from "../cluster/kubectl.ts";
import { removeSandbox, type Sandbox } from "../cluster/sandbox.ts";
import { clusterUp } from "../cluster/up.ts";
import type { Built } from "../go-programs.ts";
import { backupPlace, ordersFile, type Services, servicesDown, servicesUp } from "../services/services.ts";
import { longhornConfigs, longhornControllers, startLonghorn } from "./install.ts";

/** A cluster with Longhorn's stand-in, installed by hand instead of by Flux, and the services that it backs up to. */
export interface LonghornCluster {
  sandbox: Sandbox;
  services: Services;
}

/** Made anew, whatever was there by that name; returns when volumes can be made and backed up. */
export async function longhornUp(name: string, built: Built): Promise<LonghornCluster> {
  await longhornDown(name);
  const services = await servicesUp(name, built);
  const sandbox = await clusterUp(name, built, () => undefined);
  await startLonghorn(sandbox, ordersFile(services));
  const ask = async (...args: string[]) => await kubectl(sandbox.layout, built, "-n", "longhorn-system", ...args);
  const apply = async (files: Record<string, string>) =>
    await applyManifests(sandbox.layout, built, Object.values(files).join("---\n"));
  await apply(longhornControllers());
  const rollout = ["rollout", "status", "daemonset/longhorn-manager", "--timeout=1s"];
  await waitUntil("Longhorn's manager is ready", 120_000, async () => (await ask(...rollout)).ok);
  await apply(longhornConfigs(backupPlace(services)));
  const synced = ["get", "backuptarget", "default", "-o", "jsonpath={.status.lastSyncedAt}"];
  await waitUntil("the backup target is available", 60_000, async () => (await ask(...synced)).output !== "");
  return { sandbox, services };
}

export async function longhornDown(name: string): Promise<void> {
  await removeSandbox(name);
  await servicesDown(name);
}
