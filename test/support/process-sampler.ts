/**
 * Looks at all processes of the machine again and again: `node process-sampler.ts NEEDLES OUT`, until SIGTERM or until its
 * parent is gone. NEEDLES is a file of canaries; each one in a command line or an environment is a line of JSON in OUT.
 */
import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

export interface Sighting {
  where: "cmdline" | "environ";
  name: string;
  command: string;
}

/** A process becomes another program soon after it began, by exec; later it is looked at now and then only. */
const youngMs = 300;
const everyMs = 1_000;

const [, , needlesFile = "", out = ""] = process.argv;
const canaries = (JSON.parse(readFileSync(needlesFile, "utf8")) as { name: string; needles: string[] }[]).map(
  ({ name, needles }) => ({ name, needles: needles.map((hex) => Buffer.from(hex, "hex")) }),
);
const known = new Map<string, { since: number; looked: number; line: Buffer }>();
const parent = process.ppid;
let stopping = false;
process.once("SIGTERM", () => (stopping = true));

function read(pid: string, file: string): Buffer {
  try {
    return readFileSync(`/proc/${pid}/${file}`);
  } catch {
    return Buffer.alloc(0);
  }
}

function look(pid: string, now: number): void {
  const before = known.get(pid) ?? { since: now, looked: 0, line: Buffer.alloc(0) };
  known.set(pid, before);
  if (now - before.since > youngMs && now - before.looked < everyMs) return;
  before.looked = now;
  const line = read(pid, "cmdline");
  if (line.length === 0 || line.equals(before.line)) return;
  const environ = read(pid, "environ");
  // Between the two it may have become another program.
  if (!read(pid, "cmdline").equals(line)) return;
  before.line = line;
  const command = line.toString("utf8").replaceAll("\0", " ").slice(0, 500);
  for (const { name, needles } of canaries) {
    const places = { cmdline: line, environ };
    for (const where of ["cmdline", "environ"] as const) {
      if (needles.some((needle) => places[where].includes(needle)))
        appendFileSync(out, `${JSON.stringify({ where, name, command } satisfies Sighting)}\n`);
    }
  }
}

appendFileSync(out, "");
while (!stopping && process.ppid === parent) {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  for (const pid of pids) look(pid, Date.now());
  const there = new Set(pids);
  for (const pid of known.keys()) if (!there.has(pid)) known.delete(pid);
  await sleep(3);
}
