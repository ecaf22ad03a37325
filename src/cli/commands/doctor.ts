import { failureTypes } from "../../failures.ts";
import { visible } from "../../report/safe-text.ts";
import { print, printJson } from "../console.ts";
import { type Diagnosis, diagnose } from "../doctor/diagnose.ts";
import { exitCodes } from "../outcome.ts";
import { findingLines } from "../view/findings.ts";

/** Says whether the next run could do its work. The exit code is that of the first check that failed. */
export async function runDoctor(plan: string | undefined, { json = false }: { json?: boolean }): Promise<number> {
  const diagnosis = await diagnose(plan ?? null);
  const exitCode = exitCodeOf(diagnosis);
  if (json) printJson({ ok: exitCode === exitCodes.done, ...diagnosis });
  else print(findingLines(visible(diagnosis), process.stdout.columns ?? Infinity).join("\n"));
  return exitCode;
}

/** What comes first is to be mended first. */
function exitCodeOf({ findings }: Diagnosis): number {
  const failed = findings.find(({ status }) => status === "failed");
  return failed === undefined ? exitCodes.done : failureTypes[failed.type ?? "UNEXPECTED"].exitCode;
}
