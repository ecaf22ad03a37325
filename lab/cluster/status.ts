import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isAlive, type ProcessIdentity } from "../../src/activities/process-identity.ts";
import { clustersDirectory } from "./layout.ts";
import { findSandbox } from "./sandbox.ts";

export interface ClusterStatus {
  name: string;
  running: boolean;
  kubeconfig: string | null;
  /** Programs that have ended although nobody stopped them. */
  dead: string[];
}

/** All clusters of this machine. */
export async function clusters(): Promise<ClusterStatus[]> {
  const names = await readdir(clustersDirectory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return await Promise.all(names.toSorted((a, b) => a.localeCompare(b)).map(statusOf));
}

async function statusOf(name: string): Promise<ClusterStatus> {
  const sandbox = await findSandbox(name);
  if (sandbox === undefined) return { name, running: false, kubeconfig: null, dead: [] };
  const directory = join(sandbox.layout.directory, "processes");
  const dead: string[] = [];
  for (const file of await readdir(directory).catch(() => [])) {
    const identity = JSON.parse(await readFile(join(directory, file), "utf8")) as ProcessIdentity;
    if (!(await isAlive(identity))) dead.push(file.replace(/\.json$/, ""));
  }
  return { name, running: true, kubeconfig: sandbox.layout.kubeconfig, dead };
}
