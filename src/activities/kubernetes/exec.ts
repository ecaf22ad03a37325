import { createHash } from "node:crypto";
import type { Readable, Writable } from "node:stream";
import prettyMs from "pretty-ms";
import { fail } from "../../failures.ts";
import { redact } from "../../redaction.ts";
import type { Cluster } from "./cluster.ts";
import { closed, newSocket, opened, pump } from "./exec-socket.ts";
import { type ExecStatus, exitCodeOf } from "./exec-status.ts";

export interface PodCommand {
  namespace: string;
  pod: string;
  container: string;
  /** Program and arguments; never a secret. */
  command: string[];
  stdin?: Readable;
  stdout?: Writable;
  timeoutMs: number;
}

export interface PodCommandEnd {
  exitCode: number;
  /** Of standard output. Compare them with what the program has counted: some servers cut a long output short. */
  bytes: number;
  sha256: string;
  /** Its last 64 KiB. */
  stderr: string;
}

const channel = { stdin: 0, stdout: 1, stderr: 2, status: 3, close: 255 };
const keptStderr = 64 * 1024;

/**
 * Runs a program in a container. It goes on there when the connection is lost or time is over: let `timeout` run it, where the
 * container has that. A program that does not read all of its input ends here only when time is over (as with kubectl).
 * The user needs `get` and `create` of pods/exec. `stdout` is not ended.
 * @throws TIMED_OUT, PROGRAM_MISSING, PROGRAM_FAILED where it could not run, SYSTEM_UNREACHABLE where the connection breaks
 *   before the program's end is known, and what the API server refuses; what the streams throw; the signal's reason
 */
export async function execInPod(cluster: Cluster, run: PodCommand, signal: AbortSignal): Promise<PodCommandEnd> {
  signal.throwIfAborted();
  const program = run.command[0] ?? "";
  const place = `pod ${run.namespace}/${run.pod}`;
  const time = AbortSignal.timeout(run.timeoutMs);
  const ends = AbortSignal.any([signal, time]);
  const socket = await newSocket(cluster, pathOf(run));
  const terminate = () => socket.terminate();
  ends.addEventListener("abort", terminate);
  const hash = createHash("sha256");
  let bytes = 0;
  let stderr = Buffer.alloc(0);
  let status: ExecStatus | undefined;
  let streamFailure: { error: unknown } | undefined;
  const breakOff = (error: unknown) => {
    streamFailure ??= { error };
    terminate();
  };
  const resume = () => socket.resume();

  socket.on("message", (data: Buffer) => {
    const body = data.subarray(1);
    if (data[0] === channel.stdout) {
      bytes += body.length;
      hash.update(body);
      if (run.stdout?.write(body) === false) socket.pause();
    } else if (data[0] === channel.stderr) stderr = Buffer.concat([stderr, body]).subarray(-keptStderr);
    else if (data[0] === channel.status) {
      // The last that comes: the streams are complete.
      status = JSON.parse(body.toString("utf8")) as ExecStatus;
      socket.close();
    }
  });
  run.stdout?.on("drain", resume).on("error", breakOff);
  try {
    await opened(socket, cluster);
    if (run.stdin !== undefined) pump(run.stdin, socket, channel).catch(breakOff);
    await closed(socket);
    if (streamFailure !== undefined) throw streamFailure.error;
    if (status === undefined) throw fail("SYSTEM_UNREACHABLE", `the connection to ${place} broke while ${program} ran`);
  } catch (error) {
    signal.throwIfAborted();
    if (!time.aborted) throw error;
    throw fail("TIMED_OUT", `${program} in ${place} did not end within ${prettyMs(run.timeoutMs)}`);
  } finally {
    ends.removeEventListener("abort", terminate);
    run.stdout?.off("drain", resume).off("error", breakOff);
    run.stdin?.destroy();
  }
  const exitCode = exitCodeOf(status, place, program);
  return { exitCode, bytes, sha256: hash.digest("hex"), stderr: redact(stderr.toString("utf8")) };
}

function pathOf({ namespace, pod, container, command, stdin }: PodCommand): string {
  const query = new URLSearchParams(command.map((part): [string, string] => ["command", part]));
  const settings = { container, stdin: stdin !== undefined, stdout: true, stderr: true };
  for (const [name, value] of Object.entries(settings)) query.append(name, String(value));
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/exec?${query.toString()}`;
}
