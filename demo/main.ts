import type { Client } from "@temporalio/client";
import { userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { parseArgs } from "node:util";
import { ensurePrograms } from "../lab/packages.ts";
import { terminalTalk } from "../lab/terminal.ts";
import { reportFailure } from "../src/cli/failure.ts";
import { followRun } from "../src/cli/live.ts";
import { summaryLines } from "../src/cli/view/summary.ts";
import { bytes } from "../src/report/format.ts";
import type { RunRecord } from "../src/report/record.ts";
import { connectClient } from "../src/temporal/connect.ts";
import { startDevServer } from "../src/temporal/dev-server.ts";
import { findTemporal } from "../src/temporal/find-server.ts";
import { startChild } from "./child.ts";
import { keepFiles, shortcomings } from "./ending.ts";
import { interrupted, openHouse } from "./house.ts";
import type { House } from "./house.ts";
import { makeServers } from "./servers.ts";
import type { Servers } from "./servers.ts";
import { taskQueue, writeSetupFiles } from "./setup-files.ts";
import { startWorker } from "./worker.ts";
import type { DemoWorker } from "./worker.ts";
import type { Traffic } from "./traffic.ts";

/** `npm run demo`: a whole drill on two real databases, with the worker killed in the middle. */

const talk = terminalTalk();
const workflowId = "demo";

async function main(keep: boolean): Promise<number> {
  await ensurePrograms(["postgres", "pgbackrest"], talk);
  await findTemporal(talk.say);
  const house = await openHouse();
  try {
    return await demo(house, keep);
  } catch (error) {
    if (error !== interrupted) throw error;
    return 130;
  } finally {
    talk.say("\nCleaning up ...");
    await house.close();
    talk.say(`Servers, worker and ${house.root} are gone.`);
  }
}

async function demo(house: House, keep: boolean): Promise<number> {
  const startedAt = Date.now();
  const { root } = house;
  talk.say("Making two PostgreSQL servers with data, and a Temporal server ...");
  const starting = startDevServer({ directory: join(root, "temporal"), port: 0, uiPort: 0, say: talk.say });
  house.atEnd(async () => {
    const [started] = await Promise.allSettled([starting]);
    if (started.status === "fulfilled") await started.value.stop();
  });
  const [temporal, servers] = await Promise.all([house.wait(starting), makeServers(house)]);
  talk.say(`${bytes(servers.bytes)} of data, made in ${seconds(startedAt)}. Temporal UI: ${temporal.ui}`);
  const files = await writeSetupFiles(root, servers);

  const log = join(root, "worker.log");
  const clean = environmentOf(servers);
  const writer = await startWriter(house, servers, clean);
  const ofWorker = { ...clean, FIREDRILL_CONFIG: files.config, TEMPORAL_ADDRESS: temporal.address };
  const worker = await startWorker(ofWorker, log);
  house.atEnd(worker.stop);
  const { client } = await connectClient({ address: temporal.address, namespace: "default" });
  const request = { plan: "demo", scenario: "database", by: userInfo().username, reason: "npm run demo" };
  await client.workflow.start("exercise", { workflowId, taskQueue, args: [request] });

  const record = await follow(house, client, worker);
  if (record.endedAt === null) return 130;
  const { kept, missing } = await keepFiles(record, log);
  for (const line of summaryLines({ ...record, directory: kept })) talk.say(line);
  tellTraffic((await writer.ask("report")) as Traffic[]);
  const complaints = [
    ...shortcomings(record, worker.killedAt()),
    ...missing.map((name) => `The run wrote no ${name}.`),
  ];
  for (const complaint of complaints) talk.say(`✘ ${complaint}`);
  if (complaints.length > 0) talk.say(`The worker's log: ${join(kept, "worker.log")}`);
  else talk.say("✔ The worker was killed with -9 in the middle, and the drill went on by itself.");
  talk.say(`All in all ${seconds(startedAt)}.`);
  if (keep) await stay(house, temporal.ui ?? "", files.plan);
  return complaints.length === 0 ? 0 : 1;
}

/** Shows the run until it ends, and leaves the view when a worker fails or Ctrl-C is pressed. */
async function follow(house: House, client: Client, worker: DemoWorker): Promise<RunRecord> {
  const leaving = new AbortController();
  const view = { client, workflowId, onRecord: worker.watch, signal: leaving.signal };
  try {
    return await house.wait(Promise.race([followRun(view), worker.failed]));
  } finally {
    leaving.abort();
  }
}

async function startWriter(house: House, { shop, ledger }: Servers, env: NodeJS.ProcessEnv) {
  const targets = [shop, ledger].map(({ name, port, passwordFile }) => ({ database: name, port, passwordFile }));
  const log = join(house.root, "writer.log");
  const args = [JSON.stringify(targets)];
  const writer = await startChild({ program: "demo/writer.ts", args, env, log });
  house.atEnd(writer.stop);
  return writer;
}

/** Without the person's own settings of Temporal and PostgreSQL; with the server's programs on the PATH. */
function environmentOf({ shop }: Servers): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([key]) => !/^(PG|TEMPORAL_|FIREDRILL_)/.test(key));
  const PATH = [shop.bin, process.env["PATH"] ?? ""].join(delimiter);
  return { ...Object.fromEntries(kept), PATH, TEMPORAL_CONFIG_FILE: "/dev/null" };
}

function tellTraffic(traffic: Traffic[]): void {
  talk.say("");
  for (const { database, transactions, failures } of traffic) {
    talk.say(`The writer made ${transactions} transactions in ${database}; ${failures} failed while it was away.`);
  }
}

async function stay(house: House, ui: string, plan: string): Promise<void> {
  talk.say(`\nAll of it goes on running. Look at ${ui}/namespaces/default/workflows/${workflowId}`);
  talk.say(`Plan: ${plan}. Logs: ${house.root}/worker.log, ${house.root}/writer.log`);
  talk.say("Ctrl-C ends it and cleans up.");
  const alive = setInterval(() => undefined, 60_000);
  await house.wait(new Promise<never>(() => undefined)).catch((error: unknown) => {
    if (error !== interrupted) throw error;
  });
  clearInterval(alive);
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(0)} s`;
}

const { values } = parseArgs({ options: { keep: { type: "boolean", default: false } } });
// An open connection to the server that is gone by then must not keep the process.
process.exit(await main(values.keep).catch(reportFailure));
