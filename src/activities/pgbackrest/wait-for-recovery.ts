import { stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { CancelledFailure } from "@temporalio/common";
import { describeFailure, fail } from "../../failures.ts";
import type { PgBackRestComponent } from "../../plan/schema.ts";
import { withClient } from "../postgres/client.ts";
import type { StepContext } from "../step.ts";
import { isRunning } from "./cluster.ts";
import { logOf, type PrivateServer, privateConnection, recoveryFailure } from "./private-server.ts";

/** Without any sign of progress for so long recovery counts as stuck. */
const stuckMs = 10 * 60_000;

/**
 * Waits until the server has ended its recovery and can be written to, for as long as it makes progress.
 * @throws RECOVERY_FAILED with the server's last words, TIMED_OUT when it is stuck
 */
export async function waitForRecovery(
  server: PrivateServer,
  component: PgBackRestComponent,
  context: StepContext,
): Promise<void> {
  let seen = "";
  let since = Date.now();
  for (;;) {
    context.signal.throwIfAborted();
    const state = await recoveryState(server, component);
    if (state.ended) return;
    if (state.paused)
      throw fail(
        "UNDER_RECOVERED",
        `recovery of ${server.data} stopped at ${state.position} at a recovery target and is paused there`,
        "The server's own configuration names a recovery_target: take it out there; then retry.",
      );
    if (!(await isRunning(server.bin, server.data, component.osUser)))
      throw await recoveryFailure(server, component, context, "");
    const sign = `${state.position} ${await logSize(server)}`;
    if (sign !== seen) [seen, since] = [sign, Date.now()];
    if (Date.now() - since > stuckMs) {
      throw fail(
        "TIMED_OUT",
        `recovery of ${server.data} has stood at ${state.position || "its beginning"} for ${stuckMs / 60_000} minutes`,
        `Read ${logOf(server)}; then retry.`,
      );
    }
    context.progress(state.position === "" ? "waiting for the recovery to begin" : `recovering, at ${state.position}`);
    await sleep(200, undefined, { signal: context.signal }).catch(() => {
      throw context.signal.reason instanceof Error ? context.signal.reason : new CancelledFailure("CANCELLED");
    });
  }
}

async function recoveryState(
  server: PrivateServer,
  component: PgBackRestComponent,
): Promise<{ ended: boolean; paused: boolean; position: string }> {
  try {
    return await withClient(privateConnection(server, component), "template1", async (client) => {
      const { rows } = await client.query<{ ended: boolean; paused: boolean; position: string | null }>(
        `select not pg_is_in_recovery() as ended, pg_last_wal_replay_lsn()::text as position,
                case when pg_is_in_recovery() then pg_get_wal_replay_pause_state() = 'paused' else false end as paused`,
      );
      return { ...rows[0]!, position: rows[0]!.position ?? "" };
    });
  } catch (error) {
    if (describeFailure(error).type !== "SYSTEM_UNREACHABLE") throw error;
    return { ended: false, paused: false, position: "" };
  }
}

async function logSize(server: PrivateServer): Promise<number> {
  return (await stat(logOf(server)).catch(() => ({ size: 0 }))).size;
}
