/**
 * Loads a plain dump, compressed or not, with psql: `node load-program.ts FILE PSQL ARGUMENT…`, under a supervisor.
 * A pipe of the shell would hide a cut file behind psql's success; here either side's failure is the program's.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { feed } from "./plain.ts";

const [, , file = "", psql = "", ...args] = process.argv;
const child = spawn(psql, args, { stdio: ["pipe", "ignore", "inherit"] });
const exited = once(child, "exit") as Promise<[number | null, string | null]>;

let shown = 0;
function progress(bytes: number): void {
  if (bytes - shown < 16 * 2 ** 20) return;
  shown = bytes;
  process.stdout.write(`loaded ${Math.round(bytes / 2 ** 20)} MiB of SQL\n`);
}

let feeding: string | undefined;
try {
  await feed(file, child.stdin, progress);
} catch (error) {
  // EPIPE says only that psql stopped first; its own message tells why.
  if ((error as NodeJS.ErrnoException).code !== "EPIPE") feeding = (error as Error).message;
}
const [code, signal] = await exited;
// It was killed and not at fault: this program ends in the same way, and the worker starts it anew.
if (signal === "SIGKILL") process.kill(process.pid, "SIGKILL");
if (feeding !== undefined) process.stderr.write(`${file}: ${feeding}\n`);
process.exitCode = feeding === undefined ? (code ?? 1) : 1;
