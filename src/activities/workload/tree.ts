import { Writable } from "node:stream";
import { fail } from "../../failures.ts";
import { lastWords } from "../exec.ts";
import { execInPod } from "../kubernetes/exec.ts";
import type { Session } from "../kubernetes/session.ts";
import type { Tree } from "./compare.ts";
import { sentinelPrefix } from "./sentinel.ts";
import type { Place } from "./volumes.ts";

/** A list that is longer than this is of more files than anybody compares by name. */
const mostBytes = 64 * 1024 * 1024;

/** What only the kernel may read of a file system of its own. */
const kernels = ["-name", "lost+found", "-prune", "-o"];

/** Read last, and there in every container: where its checksum is missing, the list was cut short on its way. */
const lastFile = "/dev/null";
const wanted = ["(", "-type", "f", "-o", "-path", lastFile, ")"];

/**
 * Reads every file of a directory in a container. Files that vanish meanwhile are left out.
 * @throws PROGRAM_MISSING, PROGRAM_FAILED where a file cannot be read or not all of the list arrives, TIMED_OUT
 */
export async function readTree(
  { cluster }: Pick<Session, "cluster">,
  { namespace, directory, place, timeoutMs }: { namespace: string; directory: string; place: Place; timeoutMs: number },
  signal: AbortSignal,
): Promise<Tree> {
  const { pod, container } = place;
  const command = ["find", directory, lastFile, ...kernels, ...wanted, "-exec", "sha256sum", "{}", "+"];
  const output = collector();
  const end = await execInPod(
    cluster,
    { namespace, pod, container, command, stdout: output.stream, timeoutMs },
    signal,
  );
  const trouble = end.stderr.split("\n").filter((line) => line !== "" && !line.includes("No such file or directory"));
  // Where the directory itself is missing nothing is in it.
  if (trouble.length > 0)
    throw fail(
      "PROGRAM_FAILED",
      `not all files of ${directory} in pod ${namespace}/${pod} can be read: ${lastWords(trouble.join("\n"))}`,
      "Name a directory in the component's `data` of which the container's user may read every file.",
    );
  const lines = output.text().split("\n");
  const last = lines.findLastIndex((line) => line.endsWith(` ${lastFile}`));
  if (last === -1 || lines.slice(last + 1).some((line) => line !== ""))
    throw fail(
      "PROGRAM_FAILED",
      `the list of the files of ${directory} in pod ${namespace}/${pod} was cut short: ${end.bytes} bytes of it have arrived`,
      "Retry; if it stays so, look at the API server's and the kubelet's proxies, or name a smaller directory in the component's `data`.",
    );
  return parse(lines.slice(0, last), directory);
}

function parse(lines: string[], directory: string): Tree {
  const beginning = `${directory.replace(/\/+$/, "")}/`;
  const files = lines
    .filter((line) => line !== "")
    .map((line): [string, string] => {
      // GNU's puts a backslash before a line whose name it has masked.
      const [, sha256, path] = /^\\?([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
      if (sha256 === undefined || path === undefined || !path.startsWith(beginning))
        throw fail(
          "PROGRAM_FAILED",
          `the list of the files of ${directory} cannot be read`,
          "Is there a line break in the name of a file? Rename it, or name another directory in the component's `data`.",
        );
      return [path.slice(beginning.length), sha256];
    });
  return Object.fromEntries(files.filter(([path]) => !path.startsWith(sentinelPrefix)));
}

/** @throws PROGRAM_FAILED, by the stream, when it becomes too long */
function collector() {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > mostBytes)
        return done(fail("PROGRAM_FAILED", "the directory has too many files to compare each", "Name a smaller one."));
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString("utf8") };
}
