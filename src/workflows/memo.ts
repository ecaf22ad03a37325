import { patched, upsertMemo } from "@temporalio/workflow";
import { digest } from "../report/digest.ts";
import type { RunRecord } from "../report/record.ts";

/** Puts the run in a few values where lists of workflows show them, without a worker. Runs of before do not have it. */
export function noteMemo(record: RunRecord): void {
  if (patched("digest-in-memo")) upsertMemo({ digest: digest(record) });
}
