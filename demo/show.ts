import type { Client } from "@temporalio/client";
import { userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { parseArgs } from "node:util";
import { type Talk, terminalTalk } from "../lab/terminal.ts";
import { reportFailure } from "../src/cli/failure.ts";
import { followRun } from "../src/cli/live.ts";
import { summaryLines } from "../src/cli/view/summary.ts";
import { seconds } from "../src/report/format.ts";
import type { RunRecord, Scenario } from "../src/report/record.ts";
import { connectClient } from "../src/temporal/connect.ts";
import { startDevServer } from "../src/temporal/dev-server.ts";
import { findTemporal } from "../src/temporal/find-server.ts";
import { keepFiles, shortcomings } from "./ending.ts";
import { type House, interrupted, openHouse } from "./house.ts";
import { taskQueueOf, writeSetupFiles } from "./setup-files.ts";
import { type DemoWorker, type FatalMoment, startWorker } from "./worker.ts";

/** What one demo has of its own; everything else is the same for all of them. */
export interface Demo {
  /** Of the workflow; what is kept lies in `firedrill-NAME`. */
  name: string;
  /** What a person has typed. */
  command: string;
  scenario: Scenario;
  /** Gets the programs that it needs. Nothing is started yet. */
  prepare: (talk: Talk) => Promise<void>;
  /** Makes what is destroyed later, beside a Temporal server that starts meanwhile. */
  make: (house: House, talk: Talk) => Promise<Made>;
}

export interface Made {
  /** "390 MB of data" */
  what: string;
  plan: { name: string };
  mayDestroy: object[];
  fatal: FatalMoment;
  /** Settings of the worker. */
  environment: Record<string, string>;
  /** Directories with programs that it needs. */
  programs: string[];
  /** What there is to say of it when the run has ended: first what is worth telling, then what went wrong. */
  afterwards: () => Promise<{ told: string[]; complaints: string[] }>;
  /** Files that a person may want to read while it is kept. */
  logs: string[];
}

/** Runs a demo as its command line says, and ends the process. */
export async function begin(demo: Demo): Promise<never> {
  const { values } = parseArgs({ options: { keep: { type: "boolean", default: false } } });
  // An open connection to the server that is gone by then must not keep the process.
  process.exit(await show(demo, values.keep).catch(reportFailure));
}

/** From the set-up to the end of all that was made; returns the exit code. */
async function show(demo: Demo, keep: boolean): Promise<number> {
  const talk = terminalTalk();
  await demo.prepare(talk);
  await findTemporal(talk.say);
  const house = await openHouse();
  try {
    return await play(demo, house, talk, keep);
  } catch (error) {
    if (error !== interrupted) throw error;
    return 130;
  } finally {
    talk.say("\nCleaning up ...");
    await house.close();
    talk.say(`All that was started has ended, and ${house.root} is gone.`);
  }
}

async function play(demo: Demo, house: House, talk: Talk, keep: boolean): Promise<number> {
  const startedAt = Date.now();
  const took = () => seconds(Math.round((Date.now() - startedAt) / 1000));
  const { root } = house;
  const starting = startDevServer({ directory: join(root, "temporal"), port: 0, uiPort: 0, say: talk.say });
  house.atEnd(async () => {
    const [started] = await Promise.allSettled([starting]);
    if (started.status === "fulfilled") await started.value.stop();
  });
  const [temporal, made] = await house.wait(Promise.all([starting, demo.make(house, talk)]));
  talk.say(`${made.what}, made in ${took()}. Temporal UI: ${temporal.ui}`);

  const files = await writeSetupFiles(demo.name, made, root);
  const log = join(root, "worker.log");
  const own = { ...made.environment, FIREDRILL_CONFIG: files.config, TEMPORAL_ADDRESS: temporal.address };
  const worker = await startWorker({ ...cleanEnvironment(made.programs), ...own }, log, made.fatal);
  house.atEnd(worker.stop);
  const { client } = await connectClient({ address: temporal.address, namespace: "default" });
  const { scenario, command: reason, name: workflowId } = demo;
  const request = { plan: made.plan.name, scenario, by: userInfo().username, reason };
  await client.workflow.start("exercise", { workflowId, taskQueue: taskQueueOf(demo.name), args: [request] });

  const record = await follow(house, client, workflowId, worker);
  if (record.endedAt === null) return 130;
  const { kept, missing } = await keepFiles(demo.name, record, log);
  for (const line of summaryLines({ ...record, directory: kept })) talk.say(line);
  const found = await made.afterwards();
  talk.say("");
  for (const line of found.told) talk.say(line);
  const complaints = [
    ...shortcomings(record, made.fatal.step, worker.killedAt()),
    ...missing.map((name) => `The run wrote no ${name}.`),
    ...found.complaints,
  ];
  for (const complaint of complaints) talk.say(`✘ ${complaint}`);
  if (complaints.length > 0) talk.say(`The worker's log: ${join(kept, "worker.log")}`);
  else talk.say("✔ The worker was killed with -9 in the middle, and the drill went on by itself.");
  talk.say(`All in all ${took()}.`);
  if (keep) {
    const ui = `${temporal.ui}/namespaces/default/workflows/${workflowId}`;
    await stay(house, talk, [`Look at ${ui}`, `Plan: ${files.plan}. Logs: ${[log, ...made.logs].join(", ")}`]);
  }
  return complaints.length === 0 ? 0 : 1;
}

/** Shows the run until it ends, and leaves the view when a worker fails or Ctrl-C is pressed. */
async function follow(house: House, client: Client, workflowId: string, worker: DemoWorker): Promise<RunRecord> {
  const leaving = new AbortController();
  const view = { client, workflowId, onRecord: worker.watch, signal: leaving.signal };
  try {
    return await house.wait(Promise.race([followRun(view), worker.failed]));
  } finally {
    leaving.abort();
  }
}

/** Without the person's own settings of Temporal and PostgreSQL; with the demo's programs on the PATH. */
export function cleanEnvironment(programs: string[]): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([key]) => !/^(PG|TEMPORAL_|FIREDRILL_)/.test(key));
  const PATH = [...programs, process.env["PATH"] ?? ""].join(delimiter);
  return { ...Object.fromEntries(kept), PATH, TEMPORAL_CONFIG_FILE: "/dev/null" };
}

async function stay(house: House, talk: Talk, lines: string[]): Promise<void> {
  talk.say("\nAll of it goes on running.");
  for (const line of lines) talk.say(line);
  talk.say("Ctrl-C ends it and cleans up.");
  const alive = setInterval(() => undefined, 60_000);
  await house.wait(new Promise<never>(() => undefined)).catch((error: unknown) => {
    if (error !== interrupted) throw error;
  });
  clearInterval(alive);
}
