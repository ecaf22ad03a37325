import type { LabServer } from "../lab/postgres.ts";
import type { Servers } from "./servers.ts";

/** @param dumps directory for those of `shop` */
export function planOf({ shop, ledger }: Servers, dumps: string) {
  return {
    name: "demo",
    environment: "dev",
    owner: { team: "demo" },
    objectives: { rto: "5m", rpo: "15m" },
    components: [
      { name: "shop", kind: "pgdump", connection: connectionOf(shop), database: "shop", dumps },
      {
        name: "ledger",
        kind: "pgbackrest",
        connection: connectionOf(ledger),
        database: "ledger",
        stanza: ledger.pgbackrest?.stanza,
        config: ledger.pgbackrest?.config,
        data: ledger.data,
        ...(ledger.osUser === undefined ? {} : { osUser: ledger.osUser }),
      },
    ],
  };
}

export function mayDestroyOf({ shop, ledger }: Servers): object[] {
  return [
    { systemIdentifier: shop.systemIdentifier, server: `127.0.0.1:${shop.port}`, database: "shop" },
    { systemIdentifier: ledger.systemIdentifier, data: ledger.data },
  ];
}

function connectionOf({ port, user, passwordFile }: LabServer) {
  return { host: "127.0.0.1", port, user, password: { file: passwordFile } };
}
