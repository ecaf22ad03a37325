import { bundleWorkflowCode, DefaultLogger } from "@temporalio/worker";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { type DevServer, startDevServer } from "../../src/temporal/dev-server.ts";
import { findTemporal } from "../../src/temporal/find-server.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** host:port of a real Temporal server. */
    temporalAddress: string;
    /** The `temporal` CLI program. */
    temporalPath: string;
    /** File with the workflows' code, for `workflowBundle: { codePath }`. */
    workflowBundle: string;
  }
}

interface Shared {
  path: string;
  directory: string;
  server: DevServer;
  bundle: string;
}

/** Each project loads this file anew; they share one server all the same. */
const state = globalThis as { firedrillTemporal?: { users: number; shared: Promise<Shared> } };

export async function setup(project: TestProject): Promise<void> {
  state.firedrillTemporal ??= { users: 0, shared: start() };
  state.firedrillTemporal.users += 1;
  const { path, server, bundle } = await state.firedrillTemporal.shared;
  project.provide("temporalPath", path);
  project.provide("temporalAddress", server.address);
  project.provide("workflowBundle", bundle);
}

export async function teardown(): Promise<void> {
  const { firedrillTemporal } = state;
  if (firedrillTemporal === undefined) return;
  firedrillTemporal.users -= 1;
  if (firedrillTemporal.users > 0) return;
  delete state.firedrillTemporal;
  const { server, directory } = await firedrillTemporal.shared;
  await server.stop();
  await rm(directory, { recursive: true });
}

async function start(): Promise<Shared> {
  const path = await findTemporal((line) => console.log(line));
  const workflowsPath = fileURLToPath(new URL("../../src/workflows/index.ts", import.meta.url));
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger("WARN") });
  const directory = await mkdtemp(join(tmpdir(), "firedrill-temporal-"));
  const bundle = join(directory, "workflows.js");
  await writeFile(bundle, code);
  const server = await startDevServer({ directory, port: 0, uiPort: 0, ui: false, say: (line) => console.log(line) });
  return { path, directory, server, bundle };
}
