import type { LabServer } from "../lab/postgres.ts";
import { ledgerData, ledgerDatabase, ledgerRoles } from "./ledger.ts";
import { shopData, shopDatabase, shopRoles } from "./shop.ts";

/** Fills the database `shop` of a server and returns its size in bytes. */
export async function fillShop(server: LabServer): Promise<number> {
  return await fill(server, "shop", shopRoles, shopDatabase, shopData);
}

/** Fills the database `ledger` of a server and returns its size in bytes. */
export async function fillLedger(server: LabServer): Promise<number> {
  return await fill(server, "ledger", ledgerRoles, ledgerDatabase, ledgerData);
}

async function fill(server: LabServer, name: string, roles: string, database: string[], data: string): Promise<number> {
  await server.sql("postgres", roles);
  // One at a time: `create database` refuses to run in the transaction that several statements would be.
  for (const statement of database) await server.sql("postgres", statement);
  await server.sql(name, data);
  const [row] = await server.sql<{ bytes: string }>(name, "select pg_database_size(current_database())::text bytes");
  return Number(row?.bytes);
}
