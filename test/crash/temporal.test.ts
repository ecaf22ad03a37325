import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, test } from "vitest";
import { type DevServer, startDevServer } from "../../src/temporal/dev-server.ts";
import { rowsOfRun } from "../support/matrix.ts";
import { activitiesOf } from "./checks.ts";
import { type Blow, crash, nameOf } from "./driver.ts";
import { goesOn, type Scene } from "./harm.ts";
import { points, returned, row, type Row } from "./row.ts";
import { createStage, type Stage } from "./stage.ts";

let directory: string;
let server: DevServer;
let stage: Stage;

async function startServer(port = 0): Promise<void> {
  server = await startDevServer({ directory, port, uiPort: 0, ui: false, say: (line) => console.log(line) });
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "firedrill-crash-"));
  await startServer();
  stage = createStage("pgdump", server.address);
});

afterAll(async () => {
  await stage.remove();
  await server.stop();
  await rm(directory, { recursive: true });
});

async function killServer(): Promise<void> {
  process.kill(server.pid, "SIGKILL");
  await server.exited;
}

/** On its database file, at the address where workers look for it. @returns when it answers, in milliseconds since 1970 */
async function startAgain(): Promise<number> {
  await startServer(Number(server.address.split(":")[1]));
  return Date.now();
}

/** A worker that lives tries again after a pause that grows to ten seconds. */
const reconnectSeconds = 15;

/** Waits until the server knows that the step is done; the step is the one that was running all the time. */
async function completes({ run, row: { step } }: Scene, since: number): ReturnType<Blow> {
  for (const deadline = since + 100_000; Date.now() < deadline; await sleep(100)) {
    const done = (await activitiesOf(run.handle)).find(({ id }) => id === step)?.completedAt[0];
    if (done !== undefined) return { seconds: Math.max(0, done - since) / 1_000, atMost: reconnectSeconds };
  }
  throw new Error(`${step} was not completed within 100 s`);
}

const serverAlone: Blow = async (scene) => {
  await killServer();
  const since = await startAgain();
  await scene.hold.release();
  return await completes(scene, since);
};

const serverAwayAtTheEnd: Blow = async (scene) => {
  await killServer();
  await scene.hold.release();
  // The worker tries to say that the step is done, and nobody listens.
  await sleep(3_000);
  return await completes(scene, await startAgain());
};

/** Longer than the heartbeat time-out: the server gives the step to somebody anew while the first attempt still works. */
const serverAwayLong: Blow = async (scene) => {
  await killServer();
  await sleep(75_000);
  const since = await startAgain();
  return { seconds: (await goesOn(scene, since)) / 1_000, atMost: reconnectSeconds };
};

const serverAndWorker: Blow = async (scene) => {
  await killServer();
  await scene.drill.killWorker();
  await startAgain();
  const since = Date.now();
  await scene.drill.startWorker();
  return { seconds: (await goesOn(scene, since)) / 1_000, atMost: 3 };
};

const workerWhileServerAway: Blow = async (scene) => {
  await killServer();
  await scene.hold.release();
  await sleep(1_000);
  await scene.drill.killWorker();
  await startAgain();
  const since = Date.now();
  await scene.drill.startWorker();
  return { seconds: (await goesOn(scene, since)) / 1_000, atMost: 3 };
};

const dumping = points("backup/shop").jobRuns("pg_dump --format");
const restoring = points("restore/shop").jobRuns("pg_restore --jobs");
const dropped = points("destroy/shop").sqlDone("^drop database");

const rows: [Row, Blow][] = [
  [row("backup/shop", "pg_dump begins", dumping, { victim: "Temporal server" }), serverAlone],
  [row("restore/shop", "pg_restore begins", restoring, { victim: "Temporal server" }), serverAlone],
  [row("destroy/shop", "dropped", dropped, { victim: "Temporal server" }), serverAlone],
  [row("destroy/shop", "after", returned("destroy/shop"), { victim: "Temporal server" }), serverAwayAtTheEnd],
  [row("backup/shop", "pg_dump begins", dumping, { victim: "Temporal server, for 75 s" }), serverAwayLong],
  [row("backup/shop", "pg_dump begins", dumping, { victim: "Temporal server and worker" }), serverAndWorker],
  [row("restore/shop", "pg_restore begins", restoring, { victim: "Temporal server and worker" }), serverAndWorker],
  [
    row("destroy/shop", "after", returned("destroy/shop"), { victim: "Temporal server, then worker" }),
    workerWhileServerAway,
  ],
];

test.each(rowsOfRun(rows).map(([one, blow]) => [nameOf(one), one, blow] as const))("%s", (_, one, blow) =>
  crash(stage, one, blow),
);
