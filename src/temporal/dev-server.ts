import { isGrpcServiceError } from "@temporalio/client";
import { execa } from "execa";
import { open, readFile } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { assertWritable } from "../activities/files.ts";
import { fail } from "../failures.ts";
import { ask } from "./connect.ts";
import { findTemporal } from "./find-server.ts";
import { claimDirectory, endOrphan } from "./one-server.ts";
import { tryPort } from "./ports.ts";

export interface DevServerOptions {
  /** For the database and the log; made when it is not there. */
  directory: string;
  /** 0 for any that is free. */
  port: number;
  uiPort: number;
  /** False for a server without the web UI. */
  ui?: boolean;
  say: (line: string) => void;
}

export interface DevServer {
  /** host:port */
  address: string;
  /** Address of the web UI for a browser; undefined without UI. */
  ui: string | undefined;
  log: string;
  pid: number;
  /** Ends the server in order and waits for it. */
  stop(): Promise<void>;
  /** The exit code, when the server ends for whatever reason; 128 + signal when it was killed. */
  exited: Promise<number>;
}

/**
 * Starts Temporal's development server with a database file that survives it, and waits until it answers.
 * It has a process group of its own: Ctrl-C in the terminal does not reach it, so that workers can be stopped before it.
 * @throws PROGRAM_MISSING, PERMISSION_DENIED, DISK_FULL, CONFIG_INVALID (port or directory in use), PROGRAM_FAILED with the last lines of its log
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const { directory, say } = options;
  const program = await findTemporal(say);
  await assertWritable(directory);
  await endOrphan(directory, say);
  const port = await claimPort(options.port, "--port");
  const ui = options.ui === false ? undefined : await claimPort(options.uiPort, "--ui-port");
  const log = join(directory, "temporal.log");
  const database = join(directory, "temporal.db");

  const output = (await open(log, "w", 0o600)).createWriteStream();
  const args = ["server", "start-dev", "--ip", "127.0.0.1", "--port", String(port), "--db-filename", database];
  args.push("--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL");
  args.push(...(ui === undefined ? ["--headless"] : ["--ui-port", String(ui)]));
  // The log is the server's own file handle and not a pipe, so that it may outlive this process.
  const child = execa(program, args, {
    detached: true,
    stdin: "ignore",
    stdout: output,
    stderr: output,
    reject: false,
    forceKillAfterDelay: 10_000,
  });
  const stopWithParent = () => void child.kill("SIGTERM");
  process.once("exit", stopWithParent);
  const exited = child.then(({ exitCode, signal }) => {
    process.off("exit", stopWithParent);
    return exitCode ?? 128 + (signal === undefined ? 0 : constants.signals[signal]);
  });
  output.destroy();

  const server: DevServer = {
    address: `127.0.0.1:${port}`,
    ui: ui === undefined ? undefined : `http://127.0.0.1:${ui}`,
    log,
    pid: child.pid ?? 0,
    exited,
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
  await claimDirectory(directory, server.pid, server.address);
  await waitUntilItAnswers(server);
  return server;
}

/** @throws CONFIG_INVALID */
async function claimPort(port: number, option: string): Promise<number> {
  const free = await tryPort(port);
  if (free !== undefined) return free;
  throw fail(
    "CONFIG_INVALID",
    `port ${port} is in use by another program`,
    `If that is a Temporal server that you want to use, set TEMPORAL_ADDRESS; otherwise stop it, or choose another port with ${option} (0 for any).`,
  );
}

async function waitUntilItAnswers(server: DevServer): Promise<void> {
  const deadline = Date.now() + 30_000;
  let how = "did not answer in 30 s";
  while (Date.now() < deadline) {
    try {
      return await ask({ address: server.address, namespace: "default" }, Date.now() + 2_000);
    } catch (error) {
      if (!isGrpcServiceError(error)) throw error;
      const ended = await Promise.race([server.exited, sleep(50)]);
      if (ended === undefined) continue;
      how = `ended with exit code ${ended}`;
      break;
    }
  }
  await server.stop();
  const lastLines = (await readFile(server.log, "utf8")).trim().split("\n").slice(-5).join(" | ");
  const message = `the Temporal dev server ${how}: ${lastLines || "there is nothing in its log"}`;
  throw fail("PROGRAM_FAILED", message, `Read its log: ${server.log}.`);
}
