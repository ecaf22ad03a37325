import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fail } from "../../failures.ts";
import type { PgDumpComponent } from "../../plan/schema.ts";
import type { BackupRecord } from "../../report/record.ts";
import { longFailure, runLong } from "../jobs/run-job.ts";
import { identifier, libpqEnvironment, withClient } from "../postgres/client.ts";
import { inspectServer } from "../postgres/server.ts";
import type { StepContext } from "../step.ts";
import { plainRecord, type Source } from "./choose.ts";
import { programs } from "./programs.ts";

/** Loads another job's SQL dump into a new scratch database. */
export async function restorePlain(
  component: PgDumpComponent,
  source: Source & { kind: "plain" },
  scratch: string,
  context: StepContext,
): Promise<BackupRecord> {
  const { connection, maintenanceDatabase } = component;
  const { versionNumber } = await withClient(connection, maintenanceDatabase, inspectServer);
  const { psql } = await programs(versionNumber);
  const program = join(import.meta.dirname, `load-program${extname(import.meta.filename)}`);
  const end = await runLong(context, "load", {
    argv: [
      process.execPath,
      program,
      source.path,
      psql,
      "-X",
      "-q",
      "-v",
      "ON_ERROR_STOP=1",
      "--no-password",
      `--dbname=${scratch}`,
    ],
    env: await libpqEnvironment(connection, scratch),
    prepare: () =>
      withClient(connection, maintenanceDatabase, async (client) => {
        await client.query(`drop database if exists ${identifier(scratch)} with (force)`);
        await client.query(`create database ${identifier(scratch)} template template0`);
      }),
    progress: (line) => (line.startsWith("loaded ") ? line : undefined),
  });
  if (end.exitCode !== 0) {
    const failure = await longFailure("psql", end);
    const missingRole = /role "([^"]+)" does not exist/.exec(await readFile(end.stderr, "utf8"))?.[1];
    throw missingRole === undefined
      ? failure
      : fail(
          "PROGRAM_FAILED",
          failure.message,
          `A plain dump holds no roles: run create role "${missingRole}", then retry.`,
        );
  }
  return plainRecord(source);
}
