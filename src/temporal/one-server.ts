import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readJson, writeAtomically } from "../activities/files.ts";
import { identify, isAlive, type ProcessIdentity } from "../activities/process-identity.ts";
import { fail } from "../failures.ts";

/** Which server has the database of a directory, and for whom. */
interface Claim {
  server: ProcessIdentity | undefined;
  owner: ProcessIdentity | undefined;
  address: string;
}

const claimFile = (directory: string) => join(directory, "server.json");

/**
 * Makes sure that nobody has the directory's database: two servers would work on it without noticing each other.
 * A server whose owner was killed is stopped; one that somebody uses is refused.
 * @throws CONFIG_INVALID
 */
export async function endOrphan(directory: string, say: (line: string) => void): Promise<void> {
  const claim = await readJson<Claim>(claimFile(directory));
  if (claim?.server === undefined || !(await isAlive(claim.server))) return;
  const { pid } = claim.server;
  if (claim.owner !== undefined && (await isAlive(claim.owner))) {
    const message = `a Temporal dev server already runs on ${directory}, at ${claim.address} for process ${claim.owner.pid}`;
    throw fail("CONFIG_INVALID", message, `Use it with TEMPORAL_ADDRESS=${claim.address}, or stop that process first.`);
  }
  say(`The process that started the Temporal dev server ${pid} is gone: stopping that server first.`);
  process.kill(pid, "SIGTERM");
  for (let waited = 0; await isAlive(claim.server); waited += 100) {
    if (waited === 10_000) process.kill(pid, "SIGKILL");
    await sleep(100);
  }
}

/** Notes down that this process has started a server on a directory. */
export async function claimDirectory(directory: string, pid: number, address: string): Promise<void> {
  const [server, owner] = await Promise.all([identify(pid), identify(process.pid)]);
  const claim: Claim = { server, owner, address };
  await writeAtomically(claimFile(directory), JSON.stringify(claim));
}
