/**
 * Dumps a database and takes the fingerprint of the very snapshot that is dumped, as one program: it holds the snapshot
 * (pg_export_snapshot) while pg_dump and the readers use it, and it survives the worker. Started under a supervisor as
 * `node dump-program.ts JSON`, the JSON being a DumpRequest; libpq's environment variables give pg_dump its connection.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describeFailure } from "../../failures.ts";
import type { Connection } from "../../plan/schema.ts";
import { redact } from "../../redaction.ts";
import { writeAtomically } from "../files.ts";
import { type Client, connect } from "../postgres/client.ts";
import { describeFingerprint, type Fingerprint, readSequences, takeFingerprint } from "../postgres/fingerprint.ts";
import { isoOf } from "../postgres/server.ts";
import { beginSnapshot, changedShapes, readShapes } from "../postgres/snapshot.ts";
import { type Properties, readProperties, readRoles } from "./properties.ts";
import { aboutFile, fingerprintFile, rolesFile } from "./sets.ts";

export interface DumpRequest {
  connection: Connection;
  database: string;
  /** Where the set is written. */
  directory: string;
  /** pg_dump and its arguments, but for the snapshot. */
  pgDump: string[];
}

/** Written to a file in the set's directory when all went well. */
export interface DumpAbout {
  systemIdentifier: string;
  oid: number;
  takenAt: string;
  serverVersion: number;
  properties: Properties;
  summary: string;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function dump([file = "", ...args]: string[], snapshot: string): Promise<void> {
  const child = spawn(file, [...args, `--snapshot=${snapshot}`], { stdio: ["ignore", "inherit", "inherit"] });
  const exited = once(child, "exit") as Promise<[number | null, string | null]>;
  // When the fingerprint fails, this program ends: pg_dump must not go on writing behind its back.
  process.once("exit", () => child.kill("SIGKILL"));
  const [code, signal] = await exited;
  // It was killed and not at fault: this program ends in the same way, and the worker starts it anew.
  if (signal === "SIGKILL") process.kill(process.pid, "SIGKILL");
  if (code !== 0) throw new Error(`pg_dump ended with ${signal === null ? `exit code ${code}` : `signal ${signal}`}`);
  say("pg_dump is done");
}

/**
 * Ends the readers' transactions at once: an ALTER TABLE that waits for their locks would make pg_dump wait behind it, and
 * this program waits for pg_dump.
 */
async function readAll(readers: [Client, Client], progress: (done: number, of: number) => void) {
  const taken = await takeFingerprint(readers, progress);
  await Promise.all(readers.map((reader) => reader.query("commit")));
  return taken;
}

async function main(request: DumpRequest): Promise<void> {
  const { connection, database, directory } = request;
  const clients = (await Promise.all([0, 1, 2].map(() => connect(connection, database)))) as [Client, Client, Client];
  const [holder, ...readers] = clients;
  await beginSnapshot(holder);
  const { rows } = await holder.query<{ snapshot: string; at: string; systemIdentifier: string; oid: number }>(
    `select pg_export_snapshot() as snapshot, ${isoOf("clock_timestamp()")} as at,
       (select system_identifier::text from pg_control_system()) as "systemIdentifier",
       (select oid from pg_database where datname = current_database()) as oid`,
  );
  const { snapshot, at: takenAt, systemIdentifier, oid } = rows[0]!;
  for (const reader of readers) await beginSnapshot(reader, snapshot);
  const shapes = await readShapes(holder);
  const before = await readSequences(holder);
  const [, taken] = await Promise.all([
    dump(request.pgDump, snapshot),
    readAll(readers, (done, of) => say(`checksums of ${done} of ${of} tables`)),
  ]);
  const after = await readSequences(readers[0]);
  const altered = changedShapes(shapes, await readShapes(readers[0]));
  const fingerprint: Fingerprint = { ...taken, sequences: { before, after }, altered };
  const roles = await readRoles(holder);
  const about: DumpAbout = {
    systemIdentifier,
    oid,
    takenAt,
    serverVersion: taken.serverVersion,
    properties: await readProperties(holder),
    summary: describeFingerprint(taken),
  };
  await writeAtomically(join(directory, fingerprintFile), JSON.stringify(fingerprint));
  await writeAtomically(join(directory, rolesFile), JSON.stringify(roles));
  await writeAtomically(join(directory, aboutFile), JSON.stringify(about));
  await Promise.all(clients.map((client) => client.end()));
}

try {
  await main(JSON.parse(process.argv[2] ?? "{}") as DumpRequest);
} catch (error) {
  const { type, message } = describeFailure(error);
  process.stderr.write(`${type === "UNEXPECTED" ? "" : `${type}: `}${redact(message)}\n`);
  process.exit(1);
}
