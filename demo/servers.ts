import { join } from "node:path";
import { createServer } from "../lab/postgres.ts";
import type { LabServer, ServerWish } from "../lab/postgres.ts";
import { fillLedger, fillShop } from "./data.ts";
import type { House } from "./house.ts";

export interface Servers {
  shop: LabServer;
  ledger: LabServer;
  /** Size of both databases together. */
  bytes: number;
}

/** Two servers with data, made side by side: `shop` for pg_dump, `ledger` with a pgBackRest stanza. */
export async function makeServers(house: House): Promise<Servers> {
  const [shop, ledger] = await house.wait(
    Promise.all([
      make(house, { directory: join(house.root, "shop"), name: "shop" }),
      make(house, { directory: join(house.root, "ledger"), name: "ledger", archive: true }),
    ]),
  );
  const sizes = await house.wait(Promise.all([fillShop(shop), fillLedger(ledger)]));
  return { shop, ledger, bytes: sizes[0] + sizes[1] };
}

/** One that is still being made when the demo ends is awaited and removed too. */
async function make(house: House, wish: ServerWish): Promise<LabServer> {
  const making = createServer(wish);
  house.atEnd(async () => {
    const [made] = await Promise.allSettled([making]);
    if (made.status === "fulfilled") await made.value.remove();
  });
  return await making;
}
