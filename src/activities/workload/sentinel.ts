import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { fail } from "../../failures.ts";
import type { ClusterAccess } from "../../plan/access-schema.ts";
import { lastWords } from "../exec.ts";
import { execInPod } from "../kubernetes/exec.ts";
import { requireCluster, type Session, withCluster } from "../kubernetes/session.ts";
import type { SentinelFile } from "../leftovers.ts";
import type { RunRef } from "../verbs.ts";
import { findWorkload } from "./find.ts";
import { type Place, placesOf } from "./volumes.ts";

/** A file in the data of a workload that carries the run's nonce. Its sha256 is kept, its content is not. */

export const sentinelPrefix = ".firedrill-";

const timeoutMs = 30_000;

export function sentinelPath(directory: string, { short }: Pick<RunRef, "short">): string {
  return `${directory.replace(/\/+$/, "")}/${sentinelPrefix}${short}`;
}

type At = { namespace: string; path: string; place: Place };

/** Writes it, or writes the same once more. @returns its sha256 @throws PROGRAM_FAILED */
export async function writeSentinel(
  { cluster }: Pick<Session, "cluster">,
  { namespace, path, place: { pod, container } }: At,
  { id, nonce }: RunRef,
  signal: AbortSignal,
): Promise<string> {
  const content = `firedrill ${id} ${nonce}\n`;
  const stdin = Readable.from([content]);
  const run = { namespace, pod, container, command: ["tee", path], stdin, timeoutMs };
  const { exitCode, stderr } = await execInPod(cluster, run, signal);
  if (exitCode !== 0)
    throw fail(
      "PROGRAM_FAILED",
      `the sentinel cannot be written in pod ${namespace}/${pod}: ${lastWords(stderr)}`,
      "Name a directory in the component's `data` into which the container's user may write.",
    );
  return createHash("sha256").update(content).digest("hex");
}

/** @returns its sha256, or in words why it cannot be read */
export async function readSentinel(
  { cluster }: Pick<Session, "cluster">,
  { namespace, path, place: { pod, container } }: At,
  signal: AbortSignal,
): Promise<{ sha256: string } | { trouble: string }> {
  const run = { namespace, pod, container, command: ["cat", path], timeoutMs };
  const { exitCode, sha256, stderr } = await execInPod(cluster, run, signal);
  return exitCode === 0 ? { sha256 } : { trouble: lastWords(stderr) };
}

/** Long enough for a pod that starts, and not for ever: the clean-up has more to do. */
const patience = { withinMs: 30_000 };

/** @throws TARGET_GONE while no pod that has the claim runs */
export async function removeSentinelFile(
  file: SentinelFile & { access: ClusterAccess; cluster: string },
): Promise<void> {
  const { access, namespace, container, path, claim } = file;
  const { signal } = new AbortController();
  const remove = async (session: Session) => {
    requireCluster(session, file.cluster);
    const { pods } = await findWorkload(session, file);
    const running = pods.filter(({ status, metadata }) => {
      return status?.["phase"] === "Running" && metadata.deletionTimestamp === undefined;
    });
    const { places } = placesOf(running, { directory: path, container, except: [] });
    const place = places.find((one) => one.claim === claim);
    if (place === undefined) throw fail("TARGET_GONE", `no pod of ${file.workload} runs that has the claim`);
    const run = { namespace, pod: place.pod, container, command: ["rm", "-f", path], timeoutMs };
    const { exitCode, stderr } = await execInPod(session.cluster, run, signal);
    if (exitCode !== 0) throw fail("PROGRAM_FAILED", `it cannot be removed: ${lastWords(stderr)}`);
  };
  await withCluster(access, { signal }, remove, patience);
}
