import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import type { Attempt } from "../../src/activities/verbs.ts";
import { type Figure, median, spread } from "../figure.ts";
import { type Lab, taskQueue } from "../lab.ts";

const kills = 5;

/**
 * kill -9 of the worker in the middle of a backup, and a new worker at once: how long until it works on the same step.
 * A lock on a table keeps the step from ending meanwhile.
 */
export async function resume(lab: Lab): Promise<Figure[]> {
  const { server } = await lab.shop("small");
  const client = await lab.client();
  let worker = await lab.startWorker();
  const lock = new Client({
    host: "127.0.0.1",
    user: server.user,
    port: server.port,
    password: server.password,
    database: "small",
    ssl: false,
  });
  lock.on("error", () => undefined);
  await lock.connect();
  await lock.query("begin; lock table review in access exclusive mode");
  const args = [{ plan: "small", scenario: "none", by: "bench", reason: "benchmark" }];
  const handle = await client.workflow.start("exercise", { taskQueue, workflowId: "resume", args });
  const times: number[] = [];
  await attemptNo(lab, 1);
  for (let kill = 1; kill <= (lab.quick ? 2 : kills); kill += 1) {
    // So that the step is known to the server as running, and the worker is not killed in its first moment.
    await sleep(1_000);
    process.kill(worker.pid, "SIGKILL");
    await worker.exited;
    const startedAt = Date.now();
    const starting = lab.startWorker();
    times.push((Date.parse((await attemptNo(lab, kill + 1)).startedAt) - startedAt) / 1000);
    worker = await starting;
  }
  await lock.end();
  await lab.house.wait(handle.result());
  await worker.stop();
  return [
    {
      id: "resume.seconds",
      what: "After kill -9, from the new worker's start until it works on the step",
      value: median(times),
      unit: "s",
      aim: { most: 2 },
      note: spread(times, "s"),
    },
    { id: "resume.worst", what: "The slowest of them", value: Math.max(...times), unit: "s", aim: { most: 3 } },
  ];
}

/** Waits until the step's file tells of its n-th attempt. */
async function attemptNo(lab: Lab, n: number): Promise<Attempt> {
  const runs = join(lab.house.root, "state", "runs");
  for (const until = Date.now() + 60_000; Date.now() < until; await lab.house.wait(sleep(10))) {
    const names = await readdir(runs).catch(() => []);
    const run = names.find((name) => name.startsWith("resume-"));
    if (run === undefined) continue;
    const text = await readFile(join(runs, run, "attempts", "backup.shop.0.json"), "utf8").catch(() => "[]");
    const attempt = (JSON.parse(text) as Attempt[])[n - 1];
    if (attempt !== undefined) return attempt;
  }
  throw new Error(`the step did not go on: no attempt no. ${n} within a minute`);
}
