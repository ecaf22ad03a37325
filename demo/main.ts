import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ensurePrograms } from "../lab/packages.ts";
import { bytes } from "../src/report/format.ts";
import { startChild } from "./child.ts";
import type { House } from "./house.ts";
import { mayDestroyOf, planOf } from "./plan.ts";
import { makeServers } from "./servers.ts";
import type { Servers } from "./servers.ts";
import { begin, cleanEnvironment, type Demo } from "./show.ts";
import type { Traffic } from "./traffic.ts";

/** `npm run demo`: a whole drill on two real databases, with the worker killed in the middle. */
const databases: Demo = {
  name: "demo",
  command: "npm run demo",
  scenario: "database",
  prepare: async (talk) => void (await ensurePrograms(["postgres", "pgbackrest"], talk)),
  async make(house, talk) {
    talk.say("Making two PostgreSQL servers with data, and a Temporal server ...");
    const servers = await makeServers(house);
    const programs = [servers.shop.bin];
    const writer = await startWriter(house, servers, cleanEnvironment(programs));
    const dumps = join(house.root, "dumps");
    await mkdir(dumps, { mode: 0o700 });
    return {
      what: `${bytes(servers.bytes)} of data`,
      plan: planOf(servers, dumps),
      mayDestroy: mayDestroyOf(servers),
      fatal: { step: "restore/shop", isNow: (startedAt) => Date.now() - Date.parse(startedAt) >= 700 },
      environment: {},
      programs,
      afterwards: async () => ({ told: trafficLines((await writer.ask("report")) as Traffic[]), complaints: [] }),
      logs: [writer.log],
    };
  },
};

async function startWriter(house: House, { shop, ledger }: Servers, env: NodeJS.ProcessEnv) {
  const targets = [shop, ledger].map(({ name, port, passwordFile }) => ({ database: name, port, passwordFile }));
  const log = join(house.root, "writer.log");
  const args = [JSON.stringify(targets)];
  const writer = await startChild({ program: "demo/writer.ts", args, env, log });
  house.atEnd(writer.stop);
  return writer;
}

function trafficLines(traffic: Traffic[]): string[] {
  return traffic.map(
    ({ database, transactions, failures }) =>
      `The writer made ${transactions} transactions in ${database}; ${failures} failed while it was away.`,
  );
}

await begin(databases);
