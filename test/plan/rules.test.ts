import { expect, test } from "vitest";
import { parsePlan } from "../../src/plan/load.ts";

const shop = { name: "shop", kind: "pgdump", database: "shop", dumps: "/srv/dumps/shop" };
const mail = { name: "mail", kind: "pgdump", database: "mail", dumps: "/srv/dumps/mail" };
const main = { name: "main", kind: "pgbackrest", stanza: "main", data: "/srv/pg/main", connection: { port: 6001 } };
const other = { ...main, name: "other", stanza: "other", data: "/srv/pg/other", connection: { port: 6002 } };

/** JSON is YAML; one component a line, so that a problem's line tells the component. */
function problemsOf(components: object[], top: object = {}): string[] {
  const text = `name: x\n${Object.entries(top)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
    .join("")}components:\n${components.map((component) => `  - ${JSON.stringify(component)}\n`).join("")}`;
  return parsePlan(text, "x.yaml").problems.map(({ line, path, message }) => `${line} ${path}: ${message}`);
}

test("a sound plan of both kinds breaks no rule", () => {
  expect(problemsOf([shop, mail, main, other], { objectives: { rto: "1h", rpo: "1h" } })).toEqual([]);
});

test.each<[string, object[], string[]]>([
  [
    "names are unique",
    [shop, { ...mail, name: "shop" }],
    ["4 components[1].name: components[0] has this name already"],
  ],
  ...["guards", "cleanup", "files"].map((name): [string, object[], string[]] => [
    `the name ${name} is reserved`,
    [{ ...shop, name }],
    [`3 components[0].name: "${name}" is the name of a step of every run`],
  ]),
  [
    "a database is protected once",
    [shop, { ...mail, database: "shop" }],
    ['4 components[1].database: "shop" protects this already'],
  ],
  [
    "a database is protected once, under another name of its host",
    [shop, { ...mail, database: "shop", connection: { host: "LOCALHOST" } }],
    ['4 components[1].database: "shop" protects this already'],
  ],
  [
    "the same name on another server is another database",
    [shop, { ...mail, database: "shop", connection: { port: 1 } }],
    [],
  ],
  [
    "a stanza is protected once",
    [main, { ...other, stanza: "main" }],
    ['4 components[1].stanza: "main" protects this already'],
  ],
  [
    "a data directory is protected once",
    [main, { ...other, data: "/srv/./pg/main/" }],
    ['4 components[1].stanza: "main" protects this already'],
  ],
  [
    "a cluster and a database of it are not two targets",
    [{ ...shop, connection: { port: 6001 } }, main],
    ['4 components[1].stanza: "shop" protects this already'],
  ],
  [
    "postgres is not protected",
    [{ ...shop, database: "postgres" }],
    ['3 components[0].database: "postgres" belongs to the server itself'],
  ],
  [
    "template0 is not protected",
    [{ ...shop, database: "template0" }],
    ['3 components[0].database: "template0" belongs to the server itself'],
  ],
  [
    "template1 is not protected",
    [{ ...shop, database: "template1" }],
    ['3 components[0].database: "template1" belongs to the server itself'],
  ],
  [
    "the maintenance database is another one",
    [{ ...shop, maintenanceDatabase: "shop" }],
    ["3 components[0].maintenanceDatabase: must not be the protected database"],
  ],
  [
    "the maintenance database is not destroyed by another component",
    [shop, { ...mail, maintenanceDatabase: "shop" }],
    ['4 components[1].maintenanceDatabase: is the database that "shop" destroys'],
  ],
  [
    "dumps are kept apart",
    [shop, { ...mail, dumps: "/srv/dumps/x/../shop/" }],
    ['4 components[1].dumps: "shop" keeps its dumps in this directory'],
  ],
  [
    "dumps lie outside a cluster's data",
    [{ ...shop, dumps: "/srv/pg/main/dumps" }, main],
    ['3 components[0].dumps: lies inside the data directory of "main"'],
  ],
  ["dumps may lie beside a cluster's data", [{ ...shop, dumps: "/srv/pg/main-dumps" }, main], []],
  ...[
    "/",
    "/etc",
    "/etc/postgresql/15",
    "/data",
    "/root",
    "/home/anna",
    "/var/lib",
    "/srv/../etc/x",
    "/proc/1/root",
    "//",
    "/var/lib/postgresql/",
  ].map((data): [string, object[], string[]] => [
    `${data} is not a data directory`,
    [{ ...main, data }],
    ["3 components[0].data: is not a directory of PostgreSQL alone"],
  ]),
  ...["/var/lib/postgresql/15/main", "/usr/local/pgsql/data", "/home/anna/pg", "/srv/pg"].map(
    (data): [string, object[], string[]] => [`${data} may be a data directory`, [{ ...main, data }], []],
  ),
])("%s", (_, components, expected) => {
  expect(problemsOf(components)).toEqual(expected);
});

test("a component's objectives are not longer than the plan's", () => {
  const objectives = { rto: "2h", rpo: "61m" };
  expect(problemsOf([{ ...shop, objectives }], { objectives: { rto: "2h", rpo: "1h" } })).toEqual([
    "4 components[0].objectives.rpo: is longer than the plan's own rpo",
  ]);
  expect(problemsOf([{ ...shop, objectives }], { objectives: { rto: "1h" } })).toEqual([
    "4 components[0].objectives.rto: is longer than the plan's own rto",
  ]);
  expect(problemsOf([{ ...shop, objectives }])).toEqual([]);
});
