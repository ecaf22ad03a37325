/**
 * Writes a heartbeat into the target every second, from planting until destruction, as a process of its own: a worker
 * that dies must not make the measured RPO worse. Started as `node heartbeat.ts RUN DIRECTORY CONNECTION DATABASE`,
 * CONNECTION being the JSON of the plan's connection (references, no secrets). The last heartbeat that the server
 * acknowledged is kept in DIRECTORY/acknowledged.json.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "../../plan/schema.ts";
import { redact } from "../../redaction.ts";
import { writeAtomically } from "../files.ts";
import { type Client, connect } from "./client.ts";
import { type Acknowledged, sentinelSchema } from "./sentinel.ts";
import { isoOf } from "./server.ts";

const [, , run = "", directory = "", connectionJson = "{}", database = ""] = process.argv;
const connection = JSON.parse(connectionJson) as Connection;
const everyMs = 1_000;
/** A run that lost its worker for good must not be written to for ever. */
const longestMs = 24 * 3_600_000;

let stopping = false;
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => (stopping = true));

async function beat(client: Client): Promise<void> {
  const { rows } = await client.query<Acknowledged>(
    `insert into ${sentinelSchema}.heartbeat (run, n)
     select $1, coalesce(max(n), 0) + 1 from ${sentinelSchema}.heartbeat where run = $1
     returning n::int as n, ${isoOf("at")} as at`,
    [run],
  );
  await writeAtomically(join(directory, "acknowledged.json"), JSON.stringify(rows[0]));
}

function complain(error: unknown): void {
  process.stderr.write(`${new Date().toISOString()} ${redact(String(error))}\n`);
}

const started = Date.now();
let client: Client | undefined;
while (!stopping && Date.now() - started < longestMs && existsSync(directory)) {
  const next = Date.now() + everyMs;
  try {
    client ??= await connect(connection, database);
    await beat(client);
  } catch (error) {
    // The target may be restarting or gone: that is what a gap in the heartbeats says. Try again in a second.
    complain(error);
    await client?.end().catch(complain);
    client = undefined;
  }
  while (!stopping && Date.now() < next) await sleep(20);
}
await client?.end().catch(complain);
