import { expect, test } from "vitest";
import { type Chosen, componentNames, defaults, planOf } from "../../../src/cli/init/draft.ts";
import { parsePlan } from "../../../src/plan/load.ts";

const connection = { host: "db.lan", port: 5432, user: "dr", tls: "prefer" } as const;
const database = (name: string): Chosen => ({ kind: "pgdump", database: name, connection });

test("names of databases become names of components: allowed, each once, and none of a step that every run has", () => {
  const long = "a".repeat(60);
  const databases = ["My_Shop", "my-shop", "files", "__", long, `${long}b`];
  const names = componentNames(databases.map(database));
  expect(names).toEqual(["my-shop", "my-shop-2", "files-2", "data", "a".repeat(38), `${"a".repeat(36)}-2`]);
  const plan = planOf("shop", { ...defaults, chosen: databases.map(database) });
  expect(parsePlan(JSON.stringify(plan), "shop.yaml").problems).toEqual([]);
});

test("production asks for an approval, other environments do not", () => {
  const plan = (environment: "dev" | "production") => planOf("shop", { ...defaults, environment, chosen: [] });
  expect(plan("production")).toMatchObject({ approvals: { destroy: 1 } });
  expect(plan("dev")).not.toHaveProperty("approvals");
});

test("a cluster of Debian is started and stopped by Debian's own program", () => {
  const cluster = (configFile: string): Chosen => {
    return { kind: "pgbackrest", stanza: "main", data: "/var/lib/postgresql/15/main", connection, configFile };
  };
  const component = (configFile: string) =>
    (planOf("main", { ...defaults, chosen: [cluster(configFile)] }) as { components: object[] }).components[0]!;
  expect(component("/etc/postgresql/15/main/postgresql.conf")).toMatchObject({
    configFile: "/etc/postgresql/15/main/postgresql.conf",
    start: ["pg_ctlcluster", "15", "main", "start"],
    stop: ["pg_ctlcluster", "15", "main", "stop", "--mode", "fast"],
  });
  expect(component("/srv/postgresql.conf")).not.toHaveProperty("start");
});
