import { activityInfo } from "@temporalio/activity";
import type { Client } from "@temporalio/client";
import type { Config } from "../../config.ts";
import type { Claim, Holder, Unlocked } from "../../guard/facts.ts";
import type { RunRef } from "../verbs.ts";
import { heldByEnding, noteClaims } from "./ending.ts";
import { endStale, heldByOthers } from "./held.ts";

interface Input {
  run: RunRef;
  claims: Claim[];
  holder: Omit<Holder, "over" | "target">;
  onlyLook?: boolean;
}

/**
 * Looks whether a run has its targets for itself, on the server and on this host, and notes them on this host if so.
 * `onlyLook`: says who works on them, ends nothing and notes nothing.
 */
export async function claim(
  config: Config,
  client: Client,
  { run, claims, holder, onlyLook = false }: Input,
): Promise<Unlocked[]> {
  const others = await heldByOthers(client, activityInfo().workflowExecution!, claims);
  if (onlyLook) return others;
  const ending = await heldByEnding(config, client, run.id, claims);
  // The server ends a lock together with its run, but not when the run was reset.
  if (ending.length === 0) await endStale(client, claims, others);
  const unlocked = [...others, ...ending];
  if (unlocked.length === 0) await noteClaims(config, run.id, claims, holder);
  return unlocked;
}
