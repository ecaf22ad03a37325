import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { transactions } from "./traffic.ts";
import type { Traffic } from "./traffic.ts";

/** The customers of the demo: a program that keeps writing until SIGTERM, or until the one who started it is gone. */

export interface WriterTarget {
  database: keyof typeof transactions;
  port: number;
  passwordFile: string;
}

const pauseMs = 100;
const ending = new AbortController();
const traffic: Traffic[] = [];

async function write(target: WriterTarget, counts: Traffic): Promise<void> {
  while (!ending.signal.aborted) {
    try {
      await writeUntilError(target, counts);
    } catch (error) {
      // The database is gone, or not back yet: that is what a drill does. Say it once, and try again.
      const message = error instanceof Error ? error.message : String(error);
      if (message !== counts.trouble) log(`${target.database}: ${message}`);
      counts.trouble = message;
      counts.failures += 1;
    }
    await pause(pauseMs);
  }
}

async function writeUntilError(target: WriterTarget, counts: Traffic): Promise<void> {
  const password = (await readFile(target.passwordFile, "utf8")).trim();
  const { database, port } = target;
  const client = new Client({
    host: "127.0.0.1",
    port,
    user: "postgres",
    password,
    database,
    ssl: false,
    application_name: "demo",
  });
  // A connection that breaks between two statements is reported here; the next statement then fails.
  client.on("error", () => undefined);
  try {
    await client.connect();
    while (!ending.signal.aborted) {
      const result = await client.query<{ rows: number; at: Date }>(transactions[database]);
      if (counts.trouble !== null) log(`${database}: writing again`);
      counts.trouble = null;
      counts.transactions += 1;
      counts.rows += result.rows[0]?.rows ?? 0;
      counts.newest = result.rows[0]?.at.toISOString() ?? counts.newest;
      await pause(pauseMs);
    }
  } finally {
    await client.end();
  }
}

async function pause(ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: ending.signal }).catch((error: Error) => {
    if (error.name !== "AbortError") throw error;
  });
}

function log(line: string): void {
  console.log(`${new Date().toISOString()} ${line}`);
}

process.on("SIGTERM", () => ending.abort());
process.on("SIGINT", () => ending.abort());
process.on("disconnect", () => ending.abort());
process.on("message", () => process.send?.(traffic));

const targets = JSON.parse(process.argv[2] ?? "[]") as WriterTarget[];
await Promise.all(
  targets.map(async (target) => {
    const counts: Traffic = {
      database: target.database,
      transactions: 0,
      rows: 0,
      newest: null,
      failures: 0,
      trouble: null,
    };
    traffic.push(counts);
    await write(target, counts);
  }),
);
log(`ended: ${JSON.stringify(traffic)}`);
if (process.connected) process.disconnect();
