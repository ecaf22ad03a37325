import type { Client } from "@temporalio/client";

/** Does something with a client of the Temporal server, whose SDK is loaded only now. Throws as connectClient. */
export async function withTemporal<T>(use: (client: Client) => Promise<T>): Promise<T> {
  const { connectClient } = await import("../temporal/connect.ts");
  const { client, close } = await connectClient();
  try {
    return await use(client);
  } finally {
    await close();
  }
}
