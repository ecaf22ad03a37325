import { loadRestoreVolumes } from "../../restore-volumes/config.ts";
import { type Outcome, restoreAll } from "../../restore-volumes/restore-all.ts";
import { note, print, printJson } from "../console.ts";
import { exitCodes } from "../outcome.ts";

/**
 * Restores the volumes that a configuration names, without Temporal: before the workloads of a new cluster start.
 * Throws CONFIG_INVALID, SYSTEM_UNREACHABLE, and what the cluster refuses.
 */
export async function restoreVolumes({ from, json = false }: { from: string; json?: boolean }): Promise<number> {
  const config = loadRestoreVolumes(from);
  const { skip } = config;
  const report = await restoreAll(config, new AbortController().signal, note);
  if (json) printJson(report);
  else if (report.skipped) print(`skipped: ConfigMap ${skip.namespace}/${skip.name} says ${skip.key}: "true"`);
  else for (const outcome of report.volumes) print(lineOf(outcome));
  // The worst that happened, as the order of the codes has it: a system that is away may be mended by trying again.
  return Math.max(exitCodes.done, ...report.volumes.map(({ exitCode }) => exitCode));
}

function lineOf({ result, claim, message, hint }: Outcome): string {
  return `${result.padEnd(9)}  ${claim}: ${message}${hint === "" ? "" : `\n           hint: ${hint}`}`;
}
