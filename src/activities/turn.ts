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

/** A step of the run that some process works on at this moment, `except` aside: "restore.shop (process 4711)". */
export async function workedOn(runDirectory: string, except?: string): Promise<string | undefined> {
  if (!(await exists(turnsOf(runDirectory)))) return undefined;
  const steps = (await readdir(turnsOf(runDirectory))).filter((step) => step !== fileName(except ?? ""));
  for (const step of steps) {
    const [turn] = await livingTurns(join(turnsOf(runDirectory), step));
    if (turn !== undefined) return `${step} (process ${turn.holder.pid})`;
  }
  return undefined;
}

const closingFile = (runDirectory: string, runId: string) => join(runDirectory, "closing", runId);

/**
 * Lets no step of a run begin any more in this directory. Call it before you look whether somebody works there: a step that has
 * not heard of the end either has its turn already, or finds this. A run that resumes it has another run ID.
 */
export async function closeTo(runDirectory: string, runId: string): Promise<void> {
  await writeAtomically(closingFile(runDirectory, runId), "");
}

/** Ask when the step has its turn. */
export async function isClosedTo(runDirectory: string, runId: string): Promise<boolean> {
  return await exists(closingFile(runDirectory, runId));
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
