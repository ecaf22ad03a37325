import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../../failures.ts";
import { lastWords, runProgram } from "../exec.ts";
import { exists } from "../files.ts";

interface Private {
  data: string;
  bin: string;
  osUser?: string | undefined;
  /** Directory of its socket. */
  socket: string;
}

/**
 * Stops the private server of a data directory at once; fine when none runs. A server that listens elsewhere was started
 * by somebody else since, and is left alone.
 * @throws PROGRAM_FAILED when it does not stop
 */
export async function stopPostmaster({ data, bin, osUser, socket }: Private): Promise<void> {
  const pidFile = join(data, "postmaster.pid");
  if (!(await exists(pidFile)) || !(await readFile(pidFile, "utf8")).includes(socket)) return;
  const pgCtl = join(bin, "pg_ctl");
  // pg_ctl status: 3 means that no server runs, 4 that there is no data directory (documentation of pg_ctl).
  const { exitCode } = await runProgram({ argv: [pgCtl, "status", "-D", data], osUser });
  if (exitCode === 3 || exitCode === 4) return;
  const end = await runProgram({
    argv: [pgCtl, "stop", "-D", data, "-m", "immediate", "-w"],
    osUser,
    timeoutMs: 120_000,
  });
  if (end.exitCode !== 0)
    throw fail("PROGRAM_FAILED", `pg_ctl could not stop the server of ${data}: ${lastWords(end.stderr)}`);
}
