import { setTimeout as sleep } from "node:timers/promises";
import { fail } from "../src/failures.ts";
import type { RunRecord } from "../src/report/record.ts";
import { lastLines, startChild } from "./child.ts";
import type { Child, ChildWish } from "./child.ts";

/** When the worker is killed. */
export interface FatalMoment {
  step: string;
  /** Asked again and again while the step runs. */
  isNow: (startedAt: string) => boolean | Promise<boolean>;
}

/** The demo's worker: killed with -9 once, in the middle of a step, and started again. */
export interface DemoWorker {
  /** Rejects when a worker ends that nobody ended. */
  failed: Promise<never>;
  /** Kills the worker and starts the next one, once, when the record says that the step has been running long enough. */
  watch: (record: RunRecord, say: (line: string) => void) => void;
  /** When it was killed, ISO 8601; null before. */
  killedAt: () => string | null;
  stop: () => Promise<void>;
}

/** @param environment of the worker: its configuration, and where Temporal is */
export async function startWorker(
  environment: NodeJS.ProcessEnv,
  log: string,
  { step: fatalStep, isNow }: FatalMoment,
): Promise<DemoWorker> {
  const wish: ChildWish = { program: "src/worker.ts", args: [], env: environment, log };
  const { promise: failed, reject } = Promise.withResolvers<never>();
  // It may fail while nobody waits for it; whoever waits later is told.
  failed.catch(() => undefined);
  const expected = new Set<Child>();
  let current = await launch();
  let killedAt: string | null = null;
  let replacing: Promise<void> = Promise.resolve();

  async function launch(): Promise<Child> {
    const child = await startChild(wish);
    void child.exited.then(async (how) => {
      if (!expected.has(child))
        reject(
          fail(
            "PROGRAM_FAILED",
            `the worker ended by itself (${how}); its log ends with\n${await lastLines(log)}`,
            "Mend what the log says.",
          ),
        );
    });
    return child;
  }

  async function replace(say: (line: string) => void): Promise<void> {
    const doomed = current;
    expected.add(doomed);
    killedAt = new Date().toISOString();
    process.kill(doomed.pid, "SIGKILL");
    say(`--- kill -9 ${doomed.pid}: the worker is dead, in the middle of ${fatalStep} ---`);
    await doomed.exited;
    await sleep(1000);
    current = await launch();
    say(`--- a new worker, pid ${current.pid}, takes over ---`);
  }

  return {
    failed,
    watch(record, say) {
      const step = record.steps.find(({ id }) => id === fatalStep);
      if (killedAt !== null || step?.status !== "running" || step.startedAt === null) return;
      void Promise.resolve(isNow(step.startedAt)).then((now) => {
        if (!now || killedAt !== null) return;
        replacing = replace(say);
        replacing.catch(reject);
      }, reject);
    },
    killedAt: () => killedAt,
    async stop() {
      await Promise.allSettled([replacing]);
      expected.add(current);
      await current.stop();
    },
  };
}
