import type { Client } from "@temporalio/client";
import type { NativeConnection } from "@temporalio/worker";
import { inject } from "vitest";
import { connectClient, connectWorker } from "../../src/temporal/connect.ts";

export interface TestTemporal {
  client: Client;
  nativeConnection: NativeConnection;
  address: string;
  namespace: string;
  /** For `Worker.create`, so that no test waits for a bundle. */
  workflowBundle: { codePath: string };
  /** Call it after the workers have ended. */
  close(): Promise<void>;
}

/** Connects to the server of temporal-setup.ts, whatever the environment says. */
export async function connectTest(): Promise<TestTemporal> {
  const settings = { address: inject("temporalAddress"), namespace: "default" };
  const [{ client, close }, { connection }] = await Promise.all([connectClient(settings), connectWorker(settings)]);
  return {
    ...settings,
    client,
    nativeConnection: connection,
    workflowBundle: { codePath: inject("workflowBundle") },
    async close() {
      await close();
      await connection.close();
    },
  };
}
