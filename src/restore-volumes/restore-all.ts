import { describeFailure, fail, failureTypes, isFailureType } from "../failures.ts";
import { kubeconfigText } from "../activities/kubernetes/access.ts";
import { openCluster } from "../activities/kubernetes/client.ts";
import type { Cluster } from "../activities/kubernetes/cluster.ts";
import { syncBackups } from "../activities/longhorn/sync.ts";
import type { RestoreVolumesConfig } from "./config.ts";
import { restoreOne } from "./restore-one.ts";

/** What became of one volume. `unchanged`: it is there already; `none`: there is no backup of it, as on a first installation. */
export interface Outcome {
  claim: string;
  volume: string;
  result: "restored" | "unchanged" | "none" | "refused" | "failed";
  /** One sentence, in lower case. */
  message: string;
  /** What to do; empty where all is well. */
  hint: string;
  /** Of the failure; 0 where all is well. */
  exitCode: number;
}

export interface Report {
  skipped: boolean;
  volumes: Outcome[];
}

const configMaps = { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true };
/** The API server of a cluster that is being built may be away now and then. */
const patienceMs = 5 * 60_000;
/** Volumes at a time; Longhorn itself restores five on a node. */
const lanes = 4;

/**
 * Restores every volume that a new cluster lacks and of which there is a backup. Nothing that is there is ever written over, so that
 * it can be called as often as one likes.
 * @param say tells how far each is
 * @throws SYSTEM_UNREACHABLE where Longhorn cannot reach its store: nobody knows then what there is to restore
 */
export async function restoreAll(
  config: RestoreVolumesConfig,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Report> {
  const { access, target } = config;
  const patience = { signal, withinMs: patienceMs };
  const cluster = openCluster(await kubeconfigText(access, signal), access.context, patience);
  try {
    if (await isSkipped(cluster, config)) return { skipped: true, volumes: [] };
    await syncBackups(cluster, { target }, config, { signal, progress: say });
    const waiting = [...config.volumes];
    const outcomes = new Map<string, Outcome>();
    const work = async () => {
      for (let wanted = waiting.shift(); wanted !== undefined; wanted = waiting.shift()) {
        const { claim, volume } = wanted;
        const progress = (text: string) => say(`${claim}: ${text}`);
        const found = await restoreOne(cluster, wanted, config, { signal, progress }).catch((error: unknown) => {
          signal.throwIfAborted();
          return failed(error);
        });
        outcomes.set(claim, { claim, volume, hint: "", exitCode: 0, ...found });
        say(`${claim}: ${found.result}: ${found.message}`);
      }
    };
    await Promise.all(Array.from({ length: lanes }, work));
    return { skipped: false, volumes: config.volumes.map(({ claim }) => outcomes.get(claim)!) };
  } finally {
    await cluster.close();
  }
}

async function isSkipped(cluster: Cluster, { skip }: RestoreVolumesConfig): Promise<boolean> {
  const found = await cluster.get(configMaps, skip.name, skip.namespace);
  const said = (found?.["data"] as Record<string, string> | undefined)?.[skip.key] ?? "false";
  if (said === "true" || said === "false") return said === "true";
  throw fail(
    "CONFIG_INVALID",
    `ConfigMap ${skip.namespace}/${skip.name} says ${skip.key}: ${JSON.stringify(said)}, which is neither "true" nor "false"`,
    'Write "true" or "false", in quotes.',
  );
}

/** One that cannot be restored does not keep the others from it. */
function failed(error: unknown): Pick<Outcome, "result" | "message" | "hint" | "exitCode"> {
  const { type, message, hint } = describeFailure(error);
  if (!isFailureType(type) || type === "UNEXPECTED") throw error;
  // What is in the way of a restore is a refusal: nothing is written over.
  if (type === "TARGET_EXISTS") return { result: "refused", message, hint, exitCode: failureTypes.REFUSED.exitCode };
  return { result: "failed", message, hint, exitCode: failureTypes[type].exitCode };
}
