import { existsSync } from "node:fs";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import type { LabServer } from "../lab/postgres.ts";
import type { Servers } from "./servers.ts";

/** The plan and the worker's configuration, as a person would write them. */
export interface SetupFiles {
  plan: string;
  config: string;
}

export const taskQueue = "firedrill-demo";

export async function writeSetupFiles(root: string, { shop, ledger }: Servers): Promise<SetupFiles> {
  const folder = (name: string) => join(root, name);
  for (const name of ["plans", "records", "state", "dumps"]) await mkdir(folder(name), { mode: 0o700 });
  const files = { plan: join(folder("plans"), "demo.yaml"), config: folder("firedrill.yaml") };
  await keepTimes(folder("records"));
  await writeFile(files.plan, stringify(planOf(shop, ledger, folder("dumps"))));
  const config = {
    plans: folder("plans"),
    records: folder("records"),
    state: folder("state"),
    taskQueue,
    mayDestroy: [
      { systemIdentifier: shop.systemIdentifier, server: `127.0.0.1:${shop.port}`, database: "shop" },
      { systemIdentifier: ledger.systemIdentifier, data: ledger.data },
    ],
  };
  await writeFile(files.config, stringify(config));
  return files;
}

/** The record of an earlier demo, if its reports are still there, lets the live view say how long this one will take. */
async function keepTimes(records: string): Promise<void> {
  const earlier = join(process.cwd(), "firedrill-demo", "report.json");
  if (!existsSync(earlier)) return;
  await mkdir(join(records, "earlier-demo"), { mode: 0o700 });
  await cp(earlier, join(records, "earlier-demo", "report.json"));
}

function planOf(shop: LabServer, ledger: LabServer, dumps: string) {
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

function connectionOf({ port, user, passwordFile }: LabServer) {
  return { host: "127.0.0.1", port, user, password: { file: passwordFile } };
}
