import { existsSync } from "node:fs";
import { appendFile, chmod, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect } from "vitest";
import { backrest } from "../../lab/postgres.ts";
import { freeSharedMemory, killBelow, processesBelow, sharedMemoryOf } from "../../lab/processes.ts";
import { createDrill, type Drill, pgbackrest } from "../support/drill.ts";
import type { DrillRun, Stage } from "./driver.ts";

export interface BackRestStage extends Stage {
  remove(): Promise<void>;
}

/** A cluster with a stanza and a full backup, of which a copy is kept: every reset puts that copy back. */
export async function createStage(): Promise<BackRestStage> {
  const drill = await createDrill({ archive: true, hooks: true });
  const { server } = drill;
  // Nobody wants to wait a minute for WAL that will never come.
  await appendFile(
    server.pgbackrest!.config,
    "\n[global:check]\narchive-timeout=3\n[global:backup]\narchive-timeout=3\n",
  );
  await backrest(server, "backup", "--type=full");
  await server.stop();
  const kept = join(drill.directory, "kept");
  await execa("cp", ["-a", server.directory, kept]);
  return {
    drill,
    reset: async () => {
      await endServer(drill);
      await rm(server.directory, { recursive: true, force: true });
      await execa("cp", ["-a", kept, server.directory]);
      await server.start();
      await drill.plan(pgbackrest(drill));
    },
    identity: async () => await inodeOf(join(server.data, "PG_VERSION")),
    leftBehind: async (_, record) => {
      const short = record.run.runId.replaceAll("-", "").slice(-8);
      const named = record.leftovers.map(({ where }) => where);
      const beside = join(server.directory, `data.before-${short}`);
      const sockets = (await readdir("/tmp")).filter((name) => name.startsWith(`firedrill-${short}`));
      const places = [...sockets.map((name) => `/tmp/${name}`), ...(existsSync(beside) ? [beside] : [])];
      const running = await processesBelow(`/tmp/firedrill-${short}`);
      return [...places.filter((place) => !named.includes(place)), ...running.map(String)];
    },
    remove: async () => {
      await endServer(drill);
      await drill.remove();
    },
  };
}

async function inodeOf(path: string): Promise<string> {
  return existsSync(path) ? String((await stat(path)).ino) : "gone";
}

async function endServer({ server }: Drill): Promise<void> {
  const segment = await sharedMemoryOf(server.data);
  await killBelow(server.directory, server.clusterName);
  if (segment !== undefined) await freeSharedMemory(segment);
}

/** A program that stands in for another one; the real one and its arguments are its own arguments. */
export async function replace(drill: Drill, what: string, script: string): Promise<void> {
  const path = join(drill.directory, "replacement.sh");
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  await drill.hooks.replace(what, path);
}

/** Runs SQL in the restored cluster, where only its owner and root can reach it. */
export async function restoredSql(drill: Drill, run: DrillRun, text: string, database = "shop"): Promise<string> {
  const directory = await socketOf(run);
  const argv = [
    "-h",
    directory,
    "-p",
    String(drill.server.port),
    "-U",
    "postgres",
    "-d",
    database,
    "-v",
    "ON_ERROR_STOP=1",
  ];
  const { stdout } = await execa(join(drill.server.bin, "psql"), [...argv, "-X", "-q", "-A", "-t", "-c", text]);
  return stdout;
}

async function socketOf(run: DrillRun): Promise<string> {
  const { runId } = (await run.record()).run;
  const prefix = `firedrill-${runId.replaceAll("-", "").slice(-8)}-`;
  return `/tmp/${(await readdir("/tmp")).find((name) => name.startsWith(prefix))}`;
}

/** Writes, and waits until the WAL segment with it is in the repository. */
export async function archive(drill: Drill): Promise<void> {
  const { server } = drill;
  const [row] = await server.sql<{ segment: string }>(
    "shop",
    `insert into same_name values (3, 3, 300);
     select pg_walfile_name(pg_switch_wal()) as segment`,
  );
  await expect.poll(async () => (await segments(drill)).join(), { timeout: 20_000 }).toContain(row!.segment);
}

/** Files of the archive's WAL segments, in order. */
export async function segments({ server }: Drill): Promise<string[]> {
  const { repository, stanza } = server.pgbackrest!;
  const folder = join(repository, "archive", stanza, "15-1");
  const files = await readdir(folder, { recursive: true });
  return files
    .filter((file) => /\/[0-9A-F]{24}-[0-9a-f]{40}\.zst$/.test(file))
    .sort()
    .map((file) => join(folder, file));
}

/** The label of the backup that the run has made. */
export async function labelOf(drill: Drill): Promise<string> {
  const { repository, stanza } = drill.server.pgbackrest!;
  const names = await readdir(join(repository, "backup", stanza));
  return names
    .filter((name) => /^\d{8}-\d{6}F/.test(name))
    .sort()
    .at(-1)!;
}

/** Where the repository keeps the newest copy of a file of the data directory. */
export async function inBackup(drill: Drill, file: string): Promise<string> {
  const { repository, stanza } = drill.server.pgbackrest!;
  const backups = join(repository, "backup", stanza);
  const names = (await readdir(backups))
    .filter((name) => /^\d{8}-\d{6}F/.test(name))
    .sort()
    .toReversed();
  const found = names.map((name) => join(backups, name, "pg_data", `${file}.zst`)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`no backup has ${file}`);
  return found;
}

/** Path of a relation's file below the data directory. */
export async function fileOf({ server }: Drill, relation: string): Promise<string> {
  const [row] = await server.sql<{ path: string }>("shop", `select pg_relation_filepath('${relation}') as path`);
  return row!.path;
}
