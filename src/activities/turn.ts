import { log } from "@temporalio/activity";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { exists, privateDirectory, readJson, writeAtomically } from "./files.ts";
import { identify, isAlive, type ProcessIdentity } from "./process-identity.ts";
import { fileName } from "./run-directory.ts";

/**
 * Whose turn it is to work on a step. The server starts the next attempt when it has heard nothing for a while, also of a
 * worker that is only slow or frozen: without a turn the two would do the same work side by side.
 */

interface Turn {
  /** Which start of the step this is: decisions to retry count first, then attempts. */
  order: [tryNo: number, attempt: number];
  holder: ProcessIdentity;
}

const lookEveryMs = 200;

/** Turns of this process that are over, although the disk would not forget them. */
const released = new Set<string>();

function turnsOf(runDirectory: string): string {
  return join(runDirectory, "turns");
}

/**
 * Waits until every earlier attempt of the step has let go or its process is gone, and takes the turn.
 * @param waiting called again and again while it waits; what it throws ends the waiting
 * @returns lets go
 */
export async function takeTurn(
  runDirectory: string,
  step: string,
  order: Turn["order"],
  waiting: (holder: number) => void,
): Promise<() => Promise<void>> {
  const directory = join(turnsOf(runDirectory), fileName(step));
  await mkdir(directory, { recursive: true, mode: privateDirectory });
  const own = join(directory, `${order.join(".")}.json`);
  const holder = await identify(process.pid);
  if (holder === undefined) throw new Error(`this process (${process.pid}) does not find itself`);
  await writeAtomically(own, JSON.stringify({ order, holder } satisfies Turn));
  const letGo = async () => {
    await rm(own, { force: true }).catch((error: unknown) => {
      released.add(own);
      log.warn("a turn stays noted", { error: String(error) });
    });
  };
  try {
    for (;;) {
      const turns = await livingTurns(directory);
      const before = turns.find((turn) => isBefore(turn.order, order));
      if (before === undefined) return letGo;
      waiting(before.holder.pid);
      await sleep(lookEveryMs);
    }
  } catch (error) {
    await letGo();
    throw error;
  }
}

/** Whether some process works on a step of the run at this moment. */
export async function isWorkedOn(runDirectory: string): Promise<boolean> {
  if (!(await exists(turnsOf(runDirectory)))) return false;
  for (const step of await readdir(turnsOf(runDirectory)))
    if ((await livingTurns(join(turnsOf(runDirectory), step))).length > 0) return true;
  return false;
}

async function livingTurns(directory: string): Promise<Turn[]> {
  const files = (await readdir(directory)).filter(
    (name) => /^\d+\.\d+\.json$/.test(name) && !released.has(join(directory, name)),
  );
  const turns = await Promise.all(files.map((name) => readJson<Turn>(join(directory, name))));
  const known = turns.filter((turn) => turn !== undefined);
  const alive = await Promise.all(known.map(({ holder }) => isAlive(holder)));
  return known.filter((_, index) => alive[index]);
}

function isBefore([tryNo, attempt]: Turn["order"], [ownTry, ownAttempt]: Turn["order"]): boolean {
  return tryNo < ownTry || (tryNo === ownTry && attempt < ownAttempt);
}
