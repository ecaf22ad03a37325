import { execa } from "execa";
import { join } from "node:path";
import { vi } from "vitest";
import type { Located } from "../../src/cli/doctor/workers.ts";
import type { Workplace } from "./drill.ts";

interface Seen {
  ok: boolean;
  here: string | null;
  findings: Located[];
}

interface Asking {
  plan?: string;
  env?: Record<string, string>;
  /** A command line that runs the one behind it. */
  within?: string[];
}

/** Calls `firedrill doctor` as a script would, and says how long it took. */
export async function askDoctor(
  drill: Pick<Workplace, "directory" | "address">,
  { plan = "drill", env = {}, within = [] }: Asking = {},
) {
  const line = [...within, process.execPath, "bin/firedrill.js", "doctor", ...(plan === "" ? [] : [plan]), "--json"];
  const from = Date.now();
  const { exitCode, stdout, stderr } = await execa(line[0]!, line.slice(1), {
    env: {
      FIREDRILL_CONFIG: join(drill.directory, "firedrill.yaml"),
      TEMPORAL_ADDRESS: drill.address,
      ...env,
    },
    reject: false,
    stdin: "ignore",
  });
  const seconds = (Date.now() - from) / 1_000;
  if (!stdout.startsWith("{")) throw new Error(`doctor printed no JSON: ${stdout}${stderr}`);
  const seen = JSON.parse(stdout) as Seen;
  return {
    exitCode,
    seconds,
    stdout,
    ...seen,
    /** What is not well, but for what is so wherever no worker runs. */
    amiss: seen.findings.filter(
      ({ status, group, name }) => status !== "ok" && !(group === "worker" && ["task queue", "host"].includes(name)),
    ),
  };
}

/** The server knows only then who asks for work. */
export async function untilReady(drill: Workplace): Promise<void> {
  const ready = async () => {
    if (!(await drill.workerLog()).includes("the worker is ready")) throw new Error("no worker yet");
  };
  await vi.waitFor(ready, { timeout: 60_000, interval: 100 });
}
