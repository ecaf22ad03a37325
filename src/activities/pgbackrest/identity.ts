import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { fail } from "../../failures.ts";
import type { PgBackRestComponent } from "../../plan/schema.ts";
import { exists } from "../files.ts";
import type { Client } from "../postgres/client.ts";
import { inspectServer, type Server } from "../postgres/server.ts";
import type { StepContext } from "../step.ts";

/** Which cluster it is, and whether the worker's configuration lets it be destroyed. */
export function isListed({ data }: PgBackRestComponent, identity: string, { config }: StepContext): boolean {
  return config.mayDestroy.some(
    (target) => "data" in target && target.systemIdentifier === identity && target.data === resolve(data),
  );
}

export function listLine({ data }: PgBackRestComponent, identity: string): string {
  return `- { systemIdentifier: "${identity}", data: ${resolve(data)} }`;
}

/** A path without links; as it is where nothing is there. */
export async function resolved(path: string): Promise<string> {
  return (await exists(path)) ? await realpath(path) : path;
}

/** @throws IDENTITY_CHANGED, PERMISSION_DENIED when the server does not show its directory */
export async function sameDirectory({ data }: PgBackRestComponent, ofServer: string): Promise<void> {
  if (ofServer === "") {
    throw fail(
      "PERMISSION_DENIED",
      "the server does not show data_directory to this user",
      "Grant pg_read_all_settings to the user, or use a superuser.",
    );
  }
  if ((await resolved(data)) === (await resolved(ofServer))) return;
  throw fail(
    "IDENTITY_CHANGED",
    `the server's data directory is ${ofServer}, but the plan says ${data}`,
    "Check host, port and `data` in the plan.",
  );
}

/** Asks the live server again who it is. @throws IDENTITY_CHANGED */
export async function checkIdentity(client: Client, component: PgBackRestComponent, expected: string): Promise<Server> {
  const server = await inspectServer(client);
  if (server.systemIdentifier !== expected) {
    throw fail(
      "IDENTITY_CHANGED",
      `${component.data} belongs to cluster ${server.systemIdentifier}, but ${expected} was inspected`,
    );
  }
  await sameDirectory(component, server.dataDirectory);
  return server;
}
