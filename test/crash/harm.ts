import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Drill, DrillRun } from "../support/drill.ts";
import { identify } from "../../src/activities/process-identity.ts";
import type { Effect, Hold } from "../hook/rules.ts";
import type { Row } from "./row.ts";

export interface Scene {
  drill: Drill;
  row: Row;
  run: DrillRun;
  hold: Hold;
  /** Where the hit step stands. */
  effect: Effect;
}

/**
 * Kills with -9 whom the row names, and starts a worker where none is left.
 * @returns from when on the step can go on, in milliseconds since 1970
 */
export async function harm(scene: Scene): Promise<number> {
  const { drill, row, hold, effect } = scene;
  const supervisor = row.victim.startsWith("supervisor") ? await supervisorOf(scene) : 0;
  switch (row.victim) {
    case "worker beside another":
      process.kill(effect.pid, "SIGKILL");
      return Date.now();
    case "program":
      process.kill(effect.pid, "SIGKILL");
      return Date.now();
    case "supervisor":
      process.kill(supervisor, "SIGKILL");
      return Date.now();
    case "worker":
      break;
    case "worker, twice":
      await killNext(scene);
      break;
    case "program and worker":
      await drill.killWorker();
      process.kill(effect.pid, "SIGKILL");
      break;
    case "supervisor and worker":
      await drill.killWorker();
      process.kill(supervisor, "SIGKILL");
      break;
    case "everything":
      await drill.killWorker();
      for (const { pid } of await programsOf(drill)) process.kill(pid, "SIGKILL");
      break;
    case "Temporal server":
    case "Temporal server, for 75 s":
    case "Temporal server and worker":
    case "Temporal server, then worker":
      throw new Error("temporal.test.ts kills the Temporal server");
  }
  await drill.killWorker();
  // A short program goes on alone, as it does when nobody holds it; the next worker comes when it has ended.
  if (effect.moment === "program" && effect.step === row.step && !effect.what.includes("/supervisor.")) {
    await hold.release();
    while ((await identify(effect.pid)) !== undefined) await sleep(20);
  }
  const since = Date.now();
  await drill.startWorker();
  return since;
}

async function killNext({ drill, row, hold }: Scene): Promise<void> {
  await drill.killWorker();
  await hold.release();
  const again = await drill.hooks.hold(row.at);
  await drill.startWorker();
  await again.reached();
  await drill.killWorker();
  await again.release();
}

async function supervisorOf({ drill, run, effect }: Scene): Promise<number> {
  const { directory } = await run.record();
  const file = join(drill.directory, "state/runs", basename(directory), "jobs", effect.step, "supervisor.json");
  return (JSON.parse(await readFile(file, "utf8")) as { pid: number }).pid;
}

/** Processes of Firedrill but its workers: supervisors, programs, heartbeats. Not the server and what it starts itself. */
export async function programsOf({ directory }: Drill): Promise<{ pid: number; line: string }[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(
    pids.map(async (pid) => ({
      pid: Number(pid),
      line: (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).replaceAll("\0", " "),
    })),
  );
  const servers = /^postgres: |\/postgres (-D|.*--fork)|archive-(push|get)/;
  return all.filter(({ line }) => line.includes(`${directory}/`) && !servers.test(line));
}

/** Waits until the hit step goes on. @returns milliseconds after `since` */
export async function goesOn({ drill, row }: Scene, since: number): Promise<number> {
  const anew = row.victim === "program" || row.victim === "supervisor";
  const job = row.step.replaceAll("/", ".");
  const sign = ({ at, moment, step, attempt }: Effect) =>
    at >= since &&
    (anew
      ? moment === "program" && step.startsWith(`${job}.`) && step.endsWith(".0.2")
      : moment === "step-begin" && step === row.step && attempt > 1);
  for (const deadline = Date.now() + 100_000; Date.now() < deadline; await sleep(20)) {
    const found = (await drill.hooks.effects()).find(sign);
    if (found !== undefined) return found.at - since;
  }
  throw new Error(`${row.step} did not go on within 100 s`);
}
