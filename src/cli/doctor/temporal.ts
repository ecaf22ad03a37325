import prettyMilliseconds from "pretty-ms";
import type { Client } from "@temporalio/client";
import { find, type Finding, type Seen } from "../../activities/doctor/finding.ts";
import { heldByOthers } from "../../activities/locks/held.ts";
import { fail } from "../../failures.ts";
import { type ClientConnection, connectClient } from "../../temporal/connect.ts";

const day = 86_400_000;

/** Temporal itself, as this machine reaches it. Close the connection, where there is one. */
export async function lookAtTemporal(): Promise<{ findings: Finding[]; connection: ClientConnection | undefined }> {
  let connection: ClientConnection | undefined;
  const server = await find("temporal", "server", async () => {
    connection = await connectClient();
    return await lookAtServer(connection);
  });
  if (connection === undefined) return { findings: [server], connection };
  const { client, namespace } = connection;
  const rest = await Promise.all([
    find("temporal", "namespace", () => lookAtNamespace(client, namespace)),
    find("temporal", "lists", () => lookAtLists(client)),
  ]);
  return { findings: [server, ...rest], connection };
}

/** What runs are made of. @throws UNSUPPORTED_VERSION */
async function lookAtServer({ client, address, namespace }: ClientConnection): Promise<Seen> {
  const [{ serverVersion, capabilities: server }, { namespaceInfo }] = await Promise.all([
    client.workflowService.getSystemInfo({}),
    client.workflowService.describeNamespace({ namespace }),
  ]);
  const needed = {
    Schedules: server?.supportsSchedules,
    "memos that change": server?.upsertMemo,
    // Decisions and approvals; a server may have it and have it switched off.
    Updates: namespaceInfo?.capabilities?.syncUpdate,
  };
  const missing = Object.entries(needed).flatMap(([name, there]) => (there === true ? [] : [name]));
  const which = `Temporal ${serverVersion} at ${address}`;
  if (missing.length === 0) return which;
  throw fail(
    "UNSUPPORTED_VERSION",
    `${which} does not offer ${missing.join(" and ")}`,
    "Upgrade the Temporal server; of Updates see also its setting frontend.enableUpdateWorkflowExecution.",
  );
}

async function lookAtNamespace(client: Client, namespace: string): Promise<Seen> {
  const { config } = await client.workflowService.describeNamespace({ namespace });
  const ms = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1_000;
  const message = `${namespace} keeps closed runs for ${prettyMilliseconds(ms, { verbose: true })}`;
  if (ms >= day) return message;
  return {
    message: `${message}; after that only the worker's records tell of them`,
    hint: `temporal operator namespace update -n ${namespace} --retention 30d`,
  };
}

/** By the question that locks ask, of a name that no target has. */
async function lookAtLists(client: Client): Promise<Seen> {
  const nobody = { workflowId: "", runId: "" };
  await heldByOthers(client, nobody, [{ lock: "doctor", component: "", target: "" }]);
  return "workflows can be described and listed; no search attributes are needed";
}
