import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { extname, join } from "node:path";
import { fail } from "../../failures.ts";
import type { PgDumpComponent } from "../../plan/schema.ts";
import prettyBytes from "pretty-bytes";
import { runProgram } from "../exec.ts";
import { exists, fileFailure, privateDirectory, readJson, syncPath, syncTree } from "../files.ts";
import { longFailure, runLong } from "../jobs/run-job.ts";
import { forgetLeftover, noteLeftover } from "../leftovers.ts";
import { describePlace, libpqEnvironment, withClient } from "../postgres/client.ts";
import { majorVersion } from "../postgres/programs.ts";
import { inspectServer } from "../postgres/server.ts";
import { sha256 } from "../postgres/sentinel.ts";
import type { StepContext } from "../step.ts";
import type { Backup } from "../verbs.ts";
import type { DumpAbout, DumpRequest } from "./dump-program.ts";
import { programs } from "./programs.ts";
import {
  aboutFile,
  dataPath,
  fingerprintFile,
  hashFiles,
  type Manifest,
  partialDirectory,
  readAbout,
  readManifest,
  setDirectory,
  setId,
  toBackup,
  writeManifest,
} from "./sets.ts";

/** Dumps one snapshot of the database together with its fingerprint. Called again after a crash it goes on where it was. */
export async function backupPgDump(
  { component }: { component: PgDumpComponent },
  context: StepContext,
): Promise<Backup> {
  const id = setId(component, context.run);
  const done = setDirectory(component, id);
  const partial = partialDirectory(component, id);
  if (!(await exists(done))) {
    await noteLeftover(context.directory, `dump.${component.name}`, { kind: "path", path: partial });
    await runDump(component, partial, context);
    await complete(component, id, partial, context);
  }
  await forgetLeftover(context.directory, `dump.${component.name}`);
  const manifest = await readManifest(component, id);
  const about = await readAbout(done);
  return {
    ...toBackup(component, manifest),
    fingerprint: join(done, fingerprintFile),
    note: `${about.summary}, ${prettyBytes(manifest.bytes, { binary: true })}`,
  };
}

async function runDump(component: PgDumpComponent, directory: string, context: StepContext): Promise<void> {
  const { versionNumber } = await withClient(component.connection, component.database, inspectServer);
  const { pgDump } = await programs(versionNumber);
  const request: DumpRequest = {
    connection: component.connection,
    database: component.database,
    directory,
    pgDump: await pgDumpArguments(component, directory, pgDump),
  };
  const program = join(import.meta.dirname, `dump-program${extname(import.meta.filename)}`);
  const end = await runLong(context, "dump", {
    argv: [process.execPath, program, JSON.stringify(request)],
    env: await libpqEnvironment(component.connection, component.database),
    prepare: () => emptyDirectory(directory),
    progress: (line) => (/^(checksums|pg_dump is)/.test(line) ? line : undefined),
  });
  if (end.exitCode !== 0)
    throw await longFailure(
      `the dump of ${describePlace(component.connection, component.database)}`,
      end,
      component.dumps,
    );
}

async function emptyDirectory(directory: string): Promise<void> {
  try {
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory, { recursive: true, mode: privateDirectory });
  } catch (error) {
    throw fileFailure(error, directory);
  }
}

/** Whether it was built with zstd: it says so before it connects, and here it has nobody to connect to. */
async function knowsZstd(pgDump: string): Promise<boolean> {
  const argv = [
    pgDump,
    "--format=custom",
    "--compress=zstd",
    "--file=/dev/null",
    "--host=/nonexistent",
    "--no-password",
  ];
  const { stderr } = await runProgram({ argv });
  return !/does not support compression/.test(stderr);
}

/** Compression: zstd where pg_dump can (16 and newer, when built with it), otherwise gzip at its fastest level. */
async function pgDumpArguments(component: PgDumpComponent, directory: string, pgDump: string): Promise<string[]> {
  const parallel = component.format === "directory" ? [`--jobs=${component.jobs}`] : [];
  const compress = (await majorVersion(pgDump)) >= 16 && (await knowsZstd(pgDump)) ? "zstd:3" : "1";
  return [
    pgDump,
    `--format=${component.format}`,
    ...parallel,
    `--compress=${compress}`,
    `--file=${join(directory, dataPath)}`,
    "--no-password",
  ];
}

/** Makes the dump durable, writes its manifest and gives it its final name. */
async function complete(component: PgDumpComponent, id: string, partial: string, context: StepContext): Promise<void> {
  const about = await readJson<DumpAbout>(join(partial, aboutFile));
  if (about === undefined || !(await exists(join(partial, dataPath)))) {
    throw fail("BACKUP_NOT_VERIFIED", `pg_dump said that it was done but wrote nothing to ${partial}`);
  }
  if (component.format === "directory" && (await readdir(join(partial, dataPath))).length === 0) {
    throw fail("BACKUP_NOT_VERIFIED", `pg_dump said that it was done but ${join(partial, dataPath)} is empty`);
  }
  const hashed = await hashFiles(partial, context);
  const manifest: Omit<Manifest, "sha256"> = {
    version: 1,
    id,
    plan: context.run.plan,
    component: component.name,
    database: component.database,
    systemIdentifier: about.systemIdentifier,
    oid: about.oid,
    format: component.format,
    takenAt: about.takenAt,
    completedAt: new Date().toISOString(),
    serverVersion: about.serverVersion,
    sentinel: context.run.type === "exercise" ? { run: context.run.id, sha256: sha256(context.run.nonce) } : null,
    ...hashed,
  };
  try {
    await writeManifest(partial, manifest);
    await syncTree(partial);
    await rename(partial, setDirectory(component, id));
    await syncPath(component.dumps);
  } catch (error) {
    throw fileFailure(error, partial);
  }
}
