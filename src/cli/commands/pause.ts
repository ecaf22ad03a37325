import { shellWord } from "../../report/safe-text.ts";
import type { PauseRequest } from "../../workflows/messages.ts";
import { print, printJson } from "../console.ts";
import { exitCodes } from "../outcome.ts";
import { personName } from "../person.ts";
import { programName } from "../program-name.ts";
import { tellRun } from "../tell-run.ts";
import { withTemporal } from "../with-temporal.ts";

/** Pauses a run, or lets it go on. Throws REQUEST_INVALID in the run's own words when it is so already. */
export async function pause(
  action: "pause" | "unpause",
  run: string,
  { by, reason, json }: { by?: string; reason: string; json?: boolean },
): Promise<number> {
  const request: PauseRequest = { by: personName(by), reason };
  const answer = await withTemporal((client) => tellRun(client, run, action, request));
  const name = shellWord(run);
  const goOn = action === "pause" ? `to go on: ${programName} unpause ${name} --reason "…"\n` : "";
  if (json === true) printJson(answer);
  else print(`${action}d: ${run}\n${goOn}follow it: ${programName} status ${name} --watch`);
  return exitCodes.done;
}
