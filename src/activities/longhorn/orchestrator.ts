import { parse } from "yaml";
import { describeFailure, fail } from "../../failures.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import { pods } from "../kubernetes/kinds.ts";
import { conditionOf, type KubernetesObject } from "../kubernetes/object.ts";
import type { Kind } from "../kubernetes/paths.ts";
import { rest } from "../rest.ts";
import type { StepContext } from "../step.ts";
import { longhornNamespace, specOf, statusOf } from "./kinds.ts";
import type { Limits } from "./wait.ts";

/**
 * The Job of deploy/orchestrator, which restores volumes in the bootstrap of a new cluster (`firedrill restore-volumes`). A drill
 * that finds it follows it: a real loss would rely on it.
 */

const jobs: Kind = { group: "batch", version: "v1", kind: "Job", plural: "jobs", namespaced: true };
const configMaps: Kind = { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true };
/** As its manifests name it. */
const name = "restore-volumes";
const configFile = "volumes.yaml";
const everyMs = 1_000;
const lastLines = 5;

export const orchestratorName = `Job ${longhornNamespace}/${name}`;

type Context = Pick<StepContext, "signal" | "progress">;

/**
 * Follows the Job to its end.
 * @param awaited it may come yet, so that its absence is no answer; the signal ends the waiting
 * @returns whether there is one
 * @throws RECOVERY_FAILED when it has failed, TIMED_OUT when nothing of it moves; both with its last words
 */
export async function followOrchestrator(
  cluster: Cluster,
  { standstill, within }: Limits,
  { signal, progress }: Context,
  awaited = false,
): Promise<boolean> {
  const startedAt = performance.now();
  let moved = { at: startedAt, text: "" };
  for (;;) {
    const job = await cluster.get(jobs, name, longhornNamespace);
    if (job === undefined && !awaited) return false;
    if (job !== undefined) {
      if (conditionOf(job, "Complete")?.status === "True") return true;
      const said = await wordsOf(cluster, job);
      const failed = conditionOf(job, "Failed");
      if (failed?.status === "True") throw hasFailed(failed.message ?? failed.reason ?? "", said);
      const text = `${orchestratorName} restores volumes: ${said}`;
      if (text !== moved.text) progress(text);
      if (text !== moved.text) moved = { at: performance.now(), text };
      const now = performance.now();
      if (now - moved.at > standstill) throw hasNotEnded(text, "nothing of it moves");
      if (now - startedAt > within) throw hasNotEnded(text, "it takes too long");
    }
    await rest(everyMs, signal);
    signal.throwIfAborted();
  }
}

/**
 * Does something else, which ends at once when the Job fails or stands still meanwhile.
 * @param work gets what the Job has said last, empty where it does not run: as long as that changes, something moves
 */
export async function besideOrchestrator<T>(
  cluster: Cluster,
  limits: Limits,
  context: Context,
  work: (signal: AbortSignal, said: () => string) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  let said = "";
  const following = { signal, progress: (text: string) => void (said = text) };
  const trouble = followOrchestrator(cluster, limits, following, true).then(() => {
    said = "";
    return new Promise<never>(() => undefined);
  });
  try {
    return await Promise.race([work(signal, () => said), trouble]);
  } catch (error) {
    const { type, message } = describeFailure(error);
    // What was waited for waits for the Job.
    if (said !== "" && type === "TIMED_OUT" && message.includes("standing still"))
      throw hasNotEnded(said, "nothing of it moves");
    throw error;
  } finally {
    over.abort();
    trouble.catch(() => "nobody waits for it any more");
  }
}

/** Whether the Job's own configuration names the claim: others are not its business. @param claim "shop/data" */
export async function orchestrates(cluster: Cluster, claim: string): Promise<boolean> {
  const job = await cluster.get(jobs, name, longhornNamespace);
  if (job === undefined) return false;
  const { volumes = [] } = podSpecOf(job);
  const sources = volumes.flatMap(({ configMap }) => configMap?.name ?? []);
  const maps = await Promise.all(
    sources.map(async (source) => await cluster.get(configMaps, source, longhornNamespace)),
  );
  return maps.some((map) => {
    const text = (map?.["data"] as Record<string, string> | undefined)?.[configFile];
    return text !== undefined && claimsIn(text).includes(claim);
  });
}

/** @throws RECOVERY_FAILED: it said that all is well, and the volume is not there */
export async function hasLeftOut(cluster: Cluster, volume: string): Promise<never> {
  const job = await cluster.get(jobs, name, longhornNamespace);
  const said = job === undefined ? "" : await wordsOf(cluster, job);
  throw fail(
    "RECOVERY_FAILED",
    `${orchestratorName} has ended well, but there is no volume ${volume}; it said: ${said}`,
    `Does its ConfigMap say skip_backup_restore: "true"? Mend that, and delete the Job, so that GitOps makes it anew; then retry. Without the Job the drill restores by itself.`,
  );
}

function podSpecOf(job: KubernetesObject) {
  const { template } = specOf(job) as { template?: { spec?: PodSpec } };
  return template?.spec ?? {};
}

interface PodSpec {
  volumes?: { configMap?: { name?: string } }[];
  containers?: { name: string }[];
}

function claimsIn(text: string): string[] {
  const { volumes } = (parse(text) ?? {}) as { volumes?: { claim?: unknown }[] };
  return (volumes ?? []).map(({ claim }) => String(claim));
}

/** What its newest pod has said last, or why it says nothing. */
async function wordsOf(cluster: Cluster, job: KubernetesObject): Promise<string> {
  const { objects } = await cluster.list(pods, { namespace: longhornNamespace, labelSelector: `job-name=${name}` });
  const born = ({ metadata }: KubernetesObject) => metadata.creationTimestamp ?? "";
  const newest = objects.toSorted((a, b) => born(a).localeCompare(born(b))).at(-1);
  if (newest === undefined) return "it has no pod yet";
  const container = podSpecOf(job).containers?.[0]?.name ?? name;
  const [state] = (statusOf(newest)["containerStatuses"] ?? []) as { state?: { waiting?: { reason?: string } } }[];
  const waiting = state?.state?.waiting?.reason;
  if (waiting !== undefined) return `its pod waits: ${waiting}`;
  const log = await cluster
    .logs(longhornNamespace, newest.metadata.name, container, { tailLines: lastLines })
    // A container that has not begun has no log; whether the cluster is there, the next question finds out.
    .catch((error: unknown) => `its log cannot be read: ${describeFailure(error).message}`);
  return log.trim().replaceAll(/\s*\n\s*/g, " | ") || "it has said nothing yet";
}

function hasFailed(why: string, said: string) {
  return fail(
    "RECOVERY_FAILED",
    `${orchestratorName} has failed (${why}); it said: ${said}`,
    `Mend what it says, and delete the Job, so that GitOps makes it anew (kubectl -n ${longhornNamespace} logs job/${name}); then retry.`,
  );
}

function hasNotEnded(words: string, why: string) {
  return fail(
    "TIMED_OUT",
    `${words}; it has not ended, and ${why}`,
    `Look at its pod and at Longhorn (kubectl -n ${longhornNamespace} describe job/${name}); delete the Job, so that GitOps makes it anew; then retry.`,
  );
}
