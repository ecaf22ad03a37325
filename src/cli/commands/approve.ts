import { type ApprovalRequest, approvalsSoFar } from "../../report/approvals.ts";
import type { RunRecord } from "../../report/record.ts";
import { shellWord, visible } from "../../report/safe-text.ts";
import { print, printJson } from "../console.ts";
import { readRecord } from "../observe.ts";
import { exitCodes } from "../outcome.ts";
import { personName } from "../person.ts";
import { programName } from "../program-name.ts";
import { tellRun } from "../tell-run.ts";
import { withTemporal } from "../with-temporal.ts";

/** Agrees to what a run destroys. Throws REFUSED in the run's own words when it does not count. */
export async function approve(
  run: string,
  { by, reason, planSha256, json }: { by?: string; reason: string; planSha256?: string; json?: boolean },
): Promise<number> {
  const name = personName(by);
  const { record, answer } = await withTemporal(async (client) => {
    const request: ApprovalRequest = { by: name, reason, ...(planSha256 !== undefined && { planSha256 }) };
    const told = await tellRun<unknown>(client, run, "approve", request);
    return { record: await readRecord(client, client.workflow.getHandle(run)), answer: told };
  });
  if (json === true) printJson(answer);
  else print([`approved by ${visible(name)}`, ...(record === null ? [] : about(record)), followUp(run)].join("\n"));
  return exitCodes.done;
}

function about(seen: RunRecord): string[] {
  const { run, plan, components, approvals } = visible(seen);
  const what = components.map(({ target }) => target).join(", ");
  return [
    `what: ${run.type} of plan ${plan.name} (sha256 ${plan.sha256.slice(0, 16)}…) destroys ${what}`,
    `why: ${run.by}: ${run.reason}`,
    ...(approvals === null ? [] : [`so far: ${approvalsSoFar(approvals, new Date().toISOString())}`]),
  ];
}

function followUp(run: string): string {
  return `follow it: ${programName} status ${shellWord(run)} --watch`;
}
