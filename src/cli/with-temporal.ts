import type { Client } from "@temporalio/client";

/** Does something with a client of the Temporal server, whose SDK is loaded only now. Throws as connectClient and serverFailure. */
export async function withTemporal<T>(use: (client: Client) => Promise<T>): Promise<T> {
  const { connectClient } = await import("../temporal/connect.ts");
  const { serverFailure } = await import("../temporal/server-failure.ts");
  const { client, close } = await connectClient();
  try {
    return await use(client);
  } catch (error) {
    throw serverFailure(error);
  } finally {
    await close();
  }
}
