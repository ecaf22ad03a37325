import { fork } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A program of ours in a process of its own, with its output in a file. */
export interface Child {
  pid: number;
  log: string;
  /** Says how it ended: "exit code 1" or "SIGKILL". */
  exited: Promise<string>;
  /** Sends a message and returns the answer. */
  ask(question: string): Promise<unknown>;
  /** SIGTERM, and SIGKILL after 5 seconds. Nothing to do when it has ended. */
  stop: () => Promise<void>;
}

export interface ChildWish {
  program: "demo/writer.ts" | "src/worker.ts" | "bench/waiting-worker.ts" | "bench/ready-writer.ts";
  args: string[];
  env: NodeJS.ProcessEnv;
  log: string;
}

/** Starts it in a process group of its own: Ctrl-C reaches only the demo, which then ends its children in order. */
export async function startChild({ program, args, env, log }: ChildWish): Promise<Child> {
  const output = await open(log, "a");
  const file = join(import.meta.dirname, "..", program);
  const child = fork(file, args, { detached: true, env, stdio: ["ignore", output.fd, output.fd, "ipc"] });
  const exited = once(child, "exit").then(([code, signal]) => (signal as string | null) ?? `exit code ${code}`);
  await once(child, "spawn");
  await output.close();
  return {
    pid: child.pid ?? 0,
    log,
    exited,
    async ask(question) {
      const answer = once(child, "message");
      child.send(question);
      return (await answer)[0];
    },
    async stop() {
      child.kill("SIGTERM");
      const patience = new AbortController();
      const late = sleep(5_000, "late", { signal: patience.signal });
      if ((await Promise.race([exited, late])) === "late") child.kill("SIGKILL");
      patience.abort();
      await Promise.allSettled([exited, late]);
    },
  };
}

/** The last lines of a log, for messages. */
export async function lastLines(log: string): Promise<string> {
  return (await readFile(log, "utf8")).trim().split("\n").slice(-20).join("\n");
}
