import { loadConfig } from "../../config.ts";
import { time } from "../../report/format.ts";
import { visible } from "../../report/safe-text.ts";
import { measured, verdictTone } from "../../report/words.ts";
import { print, printJson } from "../console.ts";
import { outcome, type PastRun, runsOfRecords, runsOfServer, type Wanted } from "../history.ts";
import { exitCodes } from "../outcome.ts";
import { columns, tonePaints } from "../view/columns.ts";
import { withTemporal } from "../with-temporal.ts";

export interface RunsOptions extends Wanted {
  /** Directory of records, in place of the server. */
  records?: string;
  json?: boolean;
}

/** Throws REQUEST_INVALID for a directory that cannot be read, and as connectClient. */
export async function pastRuns({ records, ...wanted }: RunsOptions): Promise<PastRun[]> {
  if (records !== undefined) return await runsOfRecords(records, wanted);
  return await withTemporal((client) => runsOfServer(client, loadConfig().taskQueue, wanted));
}

/** Lists runs, the newest first. */
export async function listRuns({ json, ...options }: RunsOptions): Promise<number> {
  const runs = await pastRuns(options);
  if (json === true) printJson(runs);
  else if (runs.length === 0) print("no run fits");
  else print(table(visible(runs)).join("\n"));
  return exitCodes.done;
}

function table(runs: PastRun[]): string[] {
  const rows = runs.map((run) => [
    time(run.startedAt).slice(0, 16),
    run.plan ?? "",
    run.type === "exercise" ? `exercise ${run.scenario ?? ""}`.trim() : (run.type ?? ""),
    outcome(run),
    measured(run.rtoSeconds ?? null),
    measured(run.rpoSeconds ?? null),
    run.by ?? "",
    run.workflowId,
  ]);
  const head = ["started (UTC)", "plan", "run", "verdict", "RTO", "RPO", "by", "workflow ID"];
  return columns([head, ...rows], (cell, column, row) => {
    const { verdict } = runs[row]!;
    return column === 3 && verdict != null ? tonePaints[verdictTone[verdict]](cell) : cell;
  });
}
