import type { Client } from "@temporalio/client";
import type { Config } from "../../config.ts";
import type { Claim, Holder, Unlocked } from "../../guard/facts.ts";
import { overlap } from "../../lock-names.ts";
import { endOf } from "../../temporal/ended.ts";
import { readRunFile, runIds, writeRunFile } from "../run-directory.ts";

/**
 * Runs that are over for the server and not yet for this host: a run that was terminated runs no code any more, and until
 * the sweeper has been there its programs may still write to the target.
 */
export async function heldByEnding(config: Config, client: Client, own: string, claims: Claim[]): Promise<Unlocked[]> {
  const found: Unlocked[] = [];
  for (const id of await runIds(config)) {
    const file = id === own ? undefined : await readRunFile(config, id);
    if (file === undefined || file.closed || (await endOf(client, file.workflowId, file.runId)) === undefined) continue;
    for (const { lock, component, target } of claims) {
      const held = file.holds?.find((one) => overlap(one.lock, lock));
      if (held !== undefined) found.push({ component, target, holder: { ...held.holder, over: true } });
    }
  }
  return found;
}

/** Notes on this host what a run holds, for as long as its directory is not closed. */
export async function noteClaims(
  config: Config,
  run: string,
  claims: Claim[],
  holder: Omit<Holder, "over" | "target">,
): Promise<void> {
  const file = await readRunFile(config, run);
  if (file !== undefined)
    await writeRunFile(config, run, {
      ...file,
      holds: claims.map(({ lock, target }) => ({ lock, holder: { ...holder, target } })),
    });
}
