import { PassThrough } from "node:stream";
import { fail } from "../../failures.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import { execInPod } from "../kubernetes/exec.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { specOf } from "./kinds.ts";
import { claimVolumes } from "./workload.ts";

/** Where a volume's files can be reached: a directory in a container. */
export interface Reach {
  namespace: string;
  pod: string;
  container: string;
  /** Path of the component's directory there. */
  path: string;
}

/** As whom and by which image a short-lived pod reads a volume: as the workload's own does. */
export interface Reader {
  image: string;
  pod: Record<string, unknown>;
  container: Record<string, unknown>;
  /** Where a pod that uses the volume runs: a second one must run there as well. Undefined where none does. */
  node?: string | undefined;
}

interface Container {
  name: string;
  image: string;
  securityContext?: object;
  imagePullPolicy?: string;
  volumeMounts?: { name: string; mountPath: string; subPath?: string; readOnly?: boolean }[];
}

const containersOf = (pod: KubernetesObject) => (specOf(pod)["containers"] ?? []) as Container[];

/** The container of a pod that has the directory of a claim mounted; undefined where none has. @param directory in the volume */
export function reachIn(
  pod: KubernetesObject,
  claim: string,
  directory: string,
): (Reach & { readOnly: boolean }) | undefined {
  const volumes = claimVolumes(pod, claim);
  for (const { name, volumeMounts = [] } of containersOf(pod)) {
    for (const { name: volume, mountPath, subPath = "", readOnly = false } of volumeMounts) {
      const below = volumes.includes(volume) ? pathBelow(directory, subPath) : undefined;
      if (below === undefined) continue;
      const path = `${mountPath.replace(/\/$/, "")}${below === "" ? "" : `/${below}`}`;
      return { namespace: pod.metadata.namespace ?? "", pod: pod.metadata.name, container: name, path, readOnly };
    }
  }
  return undefined;
}

/** What of a path lies below another one; undefined where it does not. Both are relative to the volume. */
function pathBelow(directory: string, above: string): string | undefined {
  const [inner, outer] = [directory, above].map((path) =>
    path.split("/").filter((part) => part !== "" && part !== "."),
  );
  return outer!.every((part, n) => inner![n] === part) ? inner!.slice(outer!.length).join("/") : undefined;
}

/** A running pod among some whose container is up. */
export function isUp(pod: KubernetesObject): boolean {
  return pod.metadata.deletionTimestamp === undefined && pod.status?.["phase"] === "Running";
}

export function readerLike(pod: KubernetesObject | undefined, claim: string, image: string | undefined): Reader | null {
  if (pod === undefined) return image === undefined ? null : { image, pod: {}, container: {} };
  const volumes = claimVolumes(pod, claim);
  const like = containersOf(pod).find(({ volumeMounts = [] }) =>
    volumeMounts.some(({ name }) => volumes.includes(name)),
  );
  const { securityContext, imagePullSecrets, tolerations, nodeSelector, nodeName } = specOf(pod);
  return {
    image: image ?? like?.image ?? "",
    pod: { securityContext: leavingFiles(securityContext), imagePullSecrets, tolerations, nodeSelector },
    container: {
      securityContext: like?.securityContext,
      imagePullPolicy: image === undefined ? like?.imagePullPolicy : undefined,
    },
    node: typeof nodeName === "string" ? nodeName : undefined,
  };
}

/**
 * The kubelet gives every file of a volume to the pod's fsGroup, and writes it into its mode, each time that it is mounted. Files
 * must be seen as they were restored (Kubernetes documentation, "Configure volume permission and ownership change policy").
 */
function leavingFiles(securityContext: unknown): unknown {
  const { fsGroup } = (securityContext ?? {}) as { fsGroup?: number };
  return fsGroup === undefined
    ? securityContext
    : { ...(securityContext as object), fsGroupChangePolicy: "OnRootMismatch" };
}

/** A pod of our own that has a claim mounted and does nothing. Its directory is below /volume. */
export function readerPod(reader: Reader, { name, namespace, claim, labels, readOnly }: ReaderPod): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels },
    spec: {
      ...reader.pod,
      ...(reader.node !== undefined && { nodeName: reader.node }),
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      containers: [
        {
          ...reader.container,
          name: "volume",
          image: reader.image,
          command: ["sh", "-c", "trap 'exit 0' TERM; sleep 86400 & wait"],
          volumeMounts: [{ name: "volume", mountPath: "/volume", readOnly }],
        },
      ],
      volumes: [{ name: "volume", persistentVolumeClaim: { claimName: claim } }],
    },
  };
}

export interface ReaderPod {
  name: string;
  namespace: string;
  claim: string;
  labels: Record<string, string>;
  readOnly: boolean;
}

/** More than this of a list of files nobody would keep in memory. */
const longestText = 64 * 1024 * 1024;
const longestMs = 6 * 3600_000;

/**
 * Runs a script of sh in a container and returns what it prints.
 * @throws PROGRAM_FAILED with its own words, PROGRAM_MISSING where there is no sh
 */
export async function runThere(
  cluster: Cluster,
  { namespace, pod, container }: Reach,
  script: string,
  args: string[],
  signal: AbortSignal,
): Promise<string> {
  const stdout = new PassThrough();
  const pieces: Buffer[] = [];
  let bytes = 0;
  stdout.on("data", (piece: Buffer) => {
    bytes += piece.length;
    pieces.push(piece);
    if (bytes > longestText) stdout.destroy(tooLong());
  });
  const command = ["sh", "-c", script, "sh", ...args];
  const run = { namespace, pod, container, command, stdout, timeoutMs: longestMs };
  const { exitCode, stderr } = await execInPod(cluster, run, signal);
  stdout.end();
  if (exitCode === 0) return Buffer.concat(pieces).toString("utf8");
  const words = stderr.trim().split("\n").slice(-3).join("; ");
  const hint =
    "Name an `image` with sh, find, stat and sha256sum in the plan, or a `directory` that its user may read; then retry.";
  throw fail("PROGRAM_FAILED", `in pod ${namespace}/${pod}: ${words || `exit code ${exitCode}`}`, hint);
}

function tooLong(): Error {
  const hint = "Name a `directory` of the volume with fewer files; then retry.";
  return fail("PROGRAM_FAILED", "the list of the volume's files is longer than 64 MiB", hint);
}
