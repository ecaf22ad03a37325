import { join } from "node:path";
import { execa } from "execa";
import { loadConfig } from "../../config.ts";
import { describeFailure, fail } from "../../failures.ts";
import { connectClient, temporalConfigured } from "../../temporal/connect.ts";
import { startDevServer, type DevServer } from "../../temporal/dev-server.ts";
import { temporalSettings } from "../../temporal/settings.ts";
import { note, print } from "../console.ts";
import { exitCodes } from "../outcome.ts";
import { programName } from "../program-name.ts";

interface DevOptions {
  port: number;
  uiPort: number;
  directory?: string;
}

/** Where all commands look for Temporal when nothing says otherwise. */
const usualAddress = "127.0.0.1:7233";

function welcome(address: string, ui: string | undefined, plans: string): string {
  const command = address === usualAddress ? programName : `TEMPORAL_ADDRESS=${address} ${programName}`;
  return [
    `Temporal  ${address}${ui === undefined ? "" : `, web UI ${ui}`}`,
    `Plans     ${plans}`,
    "In another terminal:",
    `  ${command} exercise PLAN --scenario none`,
    `  ${command} status --watch`,
    "Ctrl-C ends the worker, then the server.",
  ].join("\n");
}

/** In a process group of its own: Ctrl-C in the terminal reaches this process alone, which then stops it in order. */
function startWorker(server: DevServer | undefined) {
  const env = server === undefined ? {} : { TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: "default" };
  const child = execa(process.execPath, [process.argv[1]!, "worker"], {
    env,
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
    // Its other end closes when this process is killed and cannot stop the worker any more.
    ipc: true,
    detached: true,
    reject: false,
    forceKillAfterDelay: false,
  });
  const stopWithParent = () => void child.kill("SIGTERM");
  process.once("exit", stopWithParent);
  const exited = child.then(({ exitCode, signal }) => {
    process.off("exit", stopWithParent);
    return signal === undefined ? `exit code ${exitCode}` : signal;
  });
  return { exited, kill: (signal: "SIGTERM" | "SIGKILL") => void child.kill(signal) };
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function onSignal(listener: () => void): () => void {
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}

/** Of a server that somebody else runs. The usual hint is to call the command that is running right now. */
async function requireAnswer(): Promise<void> {
  const connection = await connectClient().catch((error: unknown) => {
    const { type, message } = describeFailure(error);
    const hint =
      "Start that server; or unset TEMPORAL_ADDRESS, or take it out of the profile file, to get one of your own.";
    throw type === "SYSTEM_UNREACHABLE" ? fail(type, message, hint) : error;
  });
  await connection.close();
}

/**
 * Runs a worker, and a Temporal server beside it unless the environment or the profile names one: a second server would
 * not be found by the other commands. Returns after Ctrl-C. Throws PROGRAM_FAILED when worker or server end by themselves, and
 * as connectClient.
 */
export async function runDev({ port, uiPort, directory }: DevOptions): Promise<number> {
  // The server makes its database with our umask, and histories are nobody else's business.
  process.umask(0o077);
  const { plans, state } = loadConfig();
  // Until there is something to stop in order, a signal just ends the program.
  const noMoreExit = onSignal(() => process.exit(130));
  const server = temporalConfigured()
    ? undefined
    : await startDevServer({ directory: directory ?? join(state, "temporal"), port, uiPort, say: note });
  if (server === undefined) {
    note(
      "Temporal is configured already (TEMPORAL_ADDRESS or profile file): using it; --port, --ui-port and --directory are for a server of its own",
    );
    await requireAnswer();
  }
  const worker = startWorker(server);
  noMoreExit();
  print(welcome(server?.address ?? temporalSettings().address, server?.ui, plans));

  let asked = 0;
  const { promise: stop, resolve } = Promise.withResolvers<"stop">();
  const noMoreStop = onSignal(() => {
    if (++asked === 1) resolve("stop");
    else worker.kill("SIGKILL");
  });
  const ended = await Promise.race([
    stop,
    worker.exited.then((how) => `the worker ended by itself (${how})`),
    ...(server === undefined ? [] : [server.exited.then((code) => `the Temporal server ended by itself (${code})`)]),
  ]);
  if (ended === "stop") note("stopping the worker, then the server (once more: at once)");
  worker.kill("SIGTERM");
  await worker.exited;
  await server?.stop();
  noMoreStop();
  if (ended === "stop") return exitCodes.done;
  throw fail(
    "PROGRAM_FAILED",
    ended,
    server === undefined ? "Read the lines above." : `Read the lines above, or ${server.log}.`,
  );
}
