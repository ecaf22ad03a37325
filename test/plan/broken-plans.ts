/** A broken plan and the one problem that it must give. `@` in `text` marks the place that is named; it is removed. */
export interface Broken {
  name: string;
  text: string;
  path: string;
  message: string;
  hint: string;
}

/** A plan of one component: `top` instead of the first lines, `inside` as more lines of the component. */
export function plan(inside: string, top = "name: shop"): string {
  const lines = inside.split("\n").map((line) => `    ${line}`);
  return `${top}\ncomponents:\n  - name: shop\n    kind: pgdump\n    database: shop\n    dumps: /srv/dumps\n${lines.join("\n")}\n`;
}

/** A plan of one workload. */
function workload(inside: string): string {
  const lines = inside.split("\n").map((line) => `    ${line}\n`);
  const top = "name: shop\naccess: { kubeconfig: in-cluster }\n";
  return `${top}components:\n  - name: shop\n    kind: workload\n    namespace: shop\n${lines.join("")}`;
}

const secretHint =
  "Write `{ env: SHOP_PASSWORD }` or `{ file: /run/secrets/shop-password }`; a secret that stood in a file should be changed.";
const component = "components[0]";
const rootKeys =
  "Its keys are name, environment, owner, objectives, approvals, decisions, notify, schedule, freeze, access, gitops, checks, infrastructure, components.";

/** A plan of a namespace with this as its data, and of one database. */
function withData(data: string): string {
  const access = "access: { kubeconfig: { file: /etc/kubeconfig } }";
  const holder = `  - name: shop\n    kind: namespace\n    namespace: shop\n    data:\n      - ${data}`;
  const database = "  - { name: shop-db, kind: pgdump, database: shop, dumps: /srv/dumps }";
  return `name: shop\n${access}\ncomponents:\n${holder}\n${database}\n`;
}

export const broken: Broken[] = [
  {
    name: "a misspelt key",
    text: plan("@retnetion: { count: 3 }"),
    path: `${component}.retnetion`,
    message: 'unknown key "retnetion"',
    hint: 'did you mean "retention"?',
  },
  {
    name: "data of a namespace that no component protects",
    text: withData("{ component: @shopdb, server: StatefulSet/postgres }"),
    path: "components[0].data[0].component",
    message: '"shopdb" is no component of kind pgdump',
    hint: 'Did you mean "shop-db"?',
  },
  {
    name: "data of a namespace that is named twice",
    text: withData(
      "{ component: shop-db, server: StatefulSet/postgres }\n      - { component: @shop-db, server: StatefulSet/other }",
    ),
    path: "components[0].data[1].component",
    message: 'is data of "shop" already',
    hint: "Name each database once.",
  },
  {
    name: "a server without its kind",
    text: withData("{ component: shop-db, server: @postgres }"),
    path: "components[0].data[0].server",
    message: 'must be kind and name, such as "StatefulSet/postgres"',
    hint: "For example `server: StatefulSet/postgres`.",
  },
  {
    name: "a misspelt required key is not called missing as well",
    text: plan("").replace("name: shop", "@nmae: shop"),
    path: "nmae",
    message: 'unknown key "nmae"',
    hint: 'did you mean "name"?',
  },
  {
    name: "approvals that do not say how many",
    text: plan("", "name: shop\napprovals: @{ from: [anna] }"),
    path: "approvals.destroy",
    message: 'missing key "destroy"',
    hint: "Add `destroy: 1` (how many people must approve before something is destroyed).",
  },
  {
    name: "a key in another spelling",
    text: plan("@keep_free: 1 GiB"),
    path: `${component}.keep_free`,
    message: 'unknown key "keep_free"',
    hint: 'did you mean "keepFree"?',
  },
  {
    name: "a key of the other kind",
    text: plan("@stanza: main"),
    path: `${component}.stanza`,
    message: 'unknown key "stanza"',
    hint: "Its keys are name, objectives, kind, connection, database, maintenanceDatabase, dumps, format, jobs, plain, retention, keepFree.",
  },
  {
    name: "a key one level too high",
    text: plan("@port: 5433"),
    path: `${component}.port`,
    message: 'unknown key "port"',
    hint: "It belongs under `connection:`.",
  },
  {
    name: "an unknown key with control characters",
    text: plan('@"x\\e[31m": 1'),
    path: `${component}."x\\u001b[31m"`,
    message: 'unknown key "x\\u001b[31m"',
    hint: "Its keys are name, objectives, kind, connection, database, maintenanceDatabase, dumps, format, jobs, plain, retention, keepFree.",
  },
  {
    name: "__proto__ as a key",
    text: plan("").replace("name: shop", "name: shop\n@__proto__: { environment: production }"),
    path: "__proto__",
    message: 'unknown key "__proto__"',
    hint: rootKeys,
  },
  {
    name: "a missing key",
    text: "name: shop\ncomponents:\n  - @name: shop\n    kind: pgdump\n    database: shop\n",
    path: `${component}.dumps`,
    message: 'missing key "dumps"',
    hint: "Add `dumps: /var/backups/shop` (directory for the dumps, outside the server's own data).",
  },
  {
    name: "a missing key of the whole file",
    text: "@name: shop\n",
    path: "components",
    message: 'missing key "components"',
    hint: "Add `components: [{ name: shop, kind: pgdump, database: shop, dumps: /var/backups/shop }]` (what has data).",
  },
  {
    name: "a missing kind",
    text: "name: shop\ncomponents:\n  - @name: shop\n",
    path: `${component}.kind`,
    message: 'missing key "kind"',
    hint: "Add `kind: pgdump` or `kind: pgbackrest` or `kind: longhorn` or `kind: namespace` or `kind: workload` or `kind: cluster`.",
  },
  {
    name: "a misspelt kind",
    text: plan("").replace("kind: pgdump", "kind: @pg_dmp"),
    path: `${component}.kind`,
    message: 'unknown kind "pg_dmp"',
    hint: 'did you mean "pgdump"?',
  },
  {
    name: "a kind that is not known",
    text: plan("").replace("kind: pgdump", "kind: @mysql"),
    path: `${component}.kind`,
    message: 'unknown kind "mysql"',
    hint: "Known kinds: pgdump, pgbackrest, longhorn, namespace, workload, cluster.",
  },
  {
    name: "a kind without a value",
    text: plan("").replace("kind: pgdump", "@kind:"),
    path: `${component}.kind`,
    message: "must be text",
    hint: "Known kinds: pgdump, pgbackrest, longhorn, namespace, workload, cluster.",
  },
  {
    name: "an enum's value, misspelt",
    text: plan("", "name: shop\nenvironment: @prodction"),
    path: "environment",
    message: 'must be one of "dev", "staging", "production"',
    hint: 'did you mean "production"?',
  },
  {
    name: "an enum's value, not near",
    text: plan("format: @plain"),
    path: `${component}.format`,
    message: 'must be one of "directory", "custom"',
    hint: "It means: pg_dump's format; directory is parallel.",
  },
  {
    name: "a duration without a unit",
    text: plan("objectives: { rto: @45 }"),
    path: `${component}.objectives.rto`,
    message: "must be text, not a number",
    hint: "It needs a unit, for example `rto: 45m`.",
  },
  {
    name: "a duration that is none",
    text: plan("objectives: { rto: @soon }"),
    path: `${component}.objectives.rto`,
    message: 'is not a duration; write "45m", "1h 30m" or "24h"',
    hint: "For example `rto: 45m`.",
  },
  {
    name: "a retention age of nothing",
    text: plan("retention: { age: @0d }"),
    path: `${component}.retention.age`,
    message: "must be a duration longer than nothing",
    hint: "For example `age: 45m`.",
  },
  {
    name: "a duration too long to count",
    text: plan("objectives: { rto: @99999999999999999w }"),
    path: `${component}.objectives.rto`,
    message: "must be a duration longer than nothing",
    hint: "For example `rto: 45m`.",
  },
  {
    name: "a size in an unknown unit",
    text: plan("keepFree: @5 gigs"),
    path: `${component}.keepFree`,
    message: 'is not a size; write "500 MB" or "1 GiB"',
    hint: "For example `keepFree: 500 MB`.",
  },
  {
    name: "a relative path",
    text: plan("").replace("dumps: /srv/dumps", "dumps: @srv/dumps"),
    path: `${component}.dumps`,
    message: "must be an absolute path, starting with /",
    hint: "For example `dumps: /var/backups/shop`.",
  },
  {
    name: "a number in quotes",
    text: plan('connection: { port: @"5432" }'),
    path: `${component}.connection.port`,
    message: "must be a number, not text",
    hint: "Write it without quotes and without a unit.",
  },
  {
    name: "a number that is too big",
    text: plan("connection: { port: @70000 }"),
    path: `${component}.connection.port`,
    message: "must be at most 65535",
    hint: "It means: port of the server.",
  },
  {
    name: "a number that is not whole",
    text: plan("jobs: @1.5"),
    path: `${component}.jobs`,
    message: "must be a whole number",
    hint: "It means: parallel jobs of pg_dump (directory only) and pg_restore.",
  },
  {
    name: "a number that is too small",
    text: plan("retention: { count: @0 }"),
    path: `${component}.retention.count`,
    message: "must be at least 1",
    hint: "It means: keep at most so many good dumps.",
  },
  {
    name: "a name that YAML takes for a number",
    text: plan("").replace("database: shop", "database: @2024"),
    path: `${component}.database`,
    message: "must be text, not a number",
    hint: 'Put it into quotes: `database: "2024"`.',
  },
  {
    name: "a name that YAML takes for a boolean",
    text: plan("maintenanceDatabase: @true"),
    path: `${component}.maintenanceDatabase`,
    message: "must be text, not true",
    hint: 'Put it into quotes: `maintenanceDatabase: "true"`.',
  },
  {
    name: "a name with capitals",
    text: plan("").replace("name: shop\ncomp", "name: @My Shop\ncomp"),
    path: "name",
    message: "must be 1 to 40 lower-case letters, digits and dashes",
    hint: "For example `name: shop`.",
  },
  {
    name: "an empty name",
    text: plan("").replace("database: shop", 'database: @""'),
    path: `${component}.database`,
    message: "must not be empty",
    hint: "For example `database: shop`.",
  },
  {
    name: "a name longer than PostgreSQL's",
    text: plan("").replace("database: shop", `database: @${"x".repeat(64)}`),
    path: `${component}.database`,
    message: "must have at most 63 characters",
    hint: "For example `database: shop`.",
  },
  {
    name: "a key without a value",
    text: plan("@jobs:"),
    path: `${component}.jobs`,
    message: "has no value",
    hint: "Write a value, or remove it.",
  },
  {
    name: "an entry without a value",
    text: `${plan("")}  -@\n`,
    path: "components[1]",
    message: "has no value",
    hint: "Write a value, or remove it.",
  },
  {
    name: "text where a component should be",
    text: "name: shop\ncomponents: [@shop]\n",
    path: component,
    message: "must be a map of keys, not text",
    hint: "It begins with `kind: pgdump` or `kind: pgbackrest` or `kind: longhorn` or `kind: namespace` or `kind: workload` or `kind: cluster`.",
  },
  {
    name: "text where a map should be",
    text: plan("connection: @localhost:5432"),
    path: `${component}.connection`,
    message: "must be a map of keys, not text",
    hint: "Its keys are host, port, user, password, tls.",
  },
  {
    name: "text where a list should be",
    text: plan("", "name: shop\nowner: { contacts: @anna }"),
    path: "owner.contacts",
    message: "must be a list, not text",
    hint: "It means: where to reach them.",
  },
  {
    name: "an empty list",
    text: "name: shop\ncomponents: @[]\n",
    path: "components",
    message: "must list at least one component",
    hint: "For example `components: [{ name: shop, kind: pgdump, database: shop, dumps: /var/backups/shop }]`.",
  },
  {
    name: "a misspelt key of a secret reference",
    text: plan("connection: { password: { @evn: SHOP } }"),
    path: `${component}.connection.password`,
    message: 'unknown key "evn"',
    hint: 'did you mean "env"?',
  },
  {
    name: "two ways to one secret",
    text: plan("connection: { password: { env: SHOP, @file: /run/shop } }"),
    path: `${component}.connection.password.file`,
    message: '"file" cannot stand beside "env"',
    hint: "Keep one of them.",
  },
  {
    name: "a password",
    text: plan("connection: { password: @hunter2 }"),
    path: `${component}.connection.password`,
    message: "must be a reference to a secret, never the secret itself",
    hint: secretHint,
  },
  {
    name: "a key that stands twice",
    text: plan("jobs: 1\n@jobs: 2"),
    path: `${component}.jobs`,
    message: "this key stands here twice",
    hint: "It stands in line 7 already: keep one of them.",
  },
  {
    name: "a tab as indentation",
    text: "name: shop\ncomponents:\n@\t- name: shop\n",
    path: "",
    message: "a tab where spaces are needed",
    hint: "Indent with spaces; YAML does not allow tabs.",
  },
  {
    name: "an anchor",
    text: plan("", "name: shop\nowner:\n  team: &a @x"),
    path: "",
    message: "anchors (&name) are not allowed",
    hint: "Remove the anchor; write the value out wherever it is needed.",
  },
  {
    name: "a merge key",
    text: plan("@<<: { jobs: 3 }"),
    path: "",
    message: "merge keys (<<) are not allowed",
    hint: "Write the merged keys out, so that a reader sees what runs.",
  },
  {
    name: "an alias to nothing",
    text: plan("", "name: shop\nowner: @*team"),
    path: "",
    message: "aliases (*name) are not allowed",
    hint: "Write the value out, so that a reader sees what runs.",
  },
  {
    name: "a tag",
    text: plan("", "name: shop\nowner: { team: @!secret x }"),
    path: "",
    message: "tags (!name) are not allowed",
    hint: "Write plain maps, lists and values; plans need nothing else of YAML.",
  },
  {
    name: "a key that is a map",
    text: plan("", "name: shop\n? @{ a: 1 }\n: x"),
    path: "",
    message: "a key must be one word",
    hint: "Write `key: value`.",
  },
  {
    name: "two documents",
    text: `${plan("")}@---\nname: other\n`,
    path: "",
    message: "a second document begins here",
    hint: "Keep one document: remove the line `---`, or make two files.",
  },
  { name: "an empty file", text: "@", path: "", message: "the file is empty", hint: rootKeys },
  { name: "only a comment", text: "@# later\n", path: "", message: "the file is empty", hint: rootKeys },
  { name: "a list", text: "@- a\n", path: "", message: "must be a map of keys, not a list", hint: rootKeys },
  { name: "a text", text: "@hello\n", path: "", message: "must be a map of keys, not text", hint: rootKeys },
  {
    name: "a workload without its kind",
    text: workload("workload: @shop"),
    path: `${component}.workload`,
    message: 'must be kind and name, such as "deployment/shop" or "statefulset/postgres"',
    hint: "For example `workload: statefulset/postgres`.",
  },
  {
    name: "a workload without a cluster",
    text: workload("workload: deployment/shop")
      .replace("access: { kubeconfig: in-cluster }\n", "")
      .replace("name", "@name"),
    path: "access",
    message: 'missing key "access": shop (workload) is in a cluster',
    hint: "Add `access: { kubeconfig: { file: /etc/firedrill/kubeconfig } }`.",
  },
  {
    name: "a whole cluster that nothing makes",
    text: "@name: homelab\naccess: { kubeconfig: in-cluster }\ncomponents:\n  - { name: homelab, kind: cluster }\n",
    path: "infrastructure",
    message: 'missing key "infrastructure": homelab (cluster) is destroyed and made by its layers',
    hint: "Say what makes it: docs/infrastructure.md shows the kinds of layers.",
  },
  {
    name: "a kubeconfig that is only a path",
    text: workload("workload: deployment/shop").replace("in-cluster", "@/etc/kubeconfig"),
    path: "access.kubeconfig",
    message: 'must be "in-cluster", or have one of the keys file, command, ssm, talos',
    hint: "For example `kubeconfig: { file: /etc/firedrill/homelab.kubeconfig }`.",
  },
  {
    name: "a kubeconfig whose word is misspelt",
    text: workload("workload: deployment/shop").replace("in-cluster", "@in-clustr"),
    path: "access.kubeconfig",
    message: 'must be "in-cluster"',
    hint: 'did you mean "in-cluster"?',
  },
  {
    name: "a number for a claim that may be lost",
    text: "name: homelab\naccess: { kubeconfig: in-cluster }\ninfrastructure:\n  - { name: m, kind: tofu, directory: /srv/m, destroys: [a.b] }\ncomponents:\n  - { name: homelab, kind: cluster, loses: [@1] }\n",
    path: `${component}.loses[0]`,
    message: "must be text, not a number",
    hint: "For example `loses: [monitoring/prometheus-0]`.",
  },
  {
    name: "a directory that leaves itself",
    text: workload("workload: deployment/shop\ndata: { directory: @/data/../etc }"),
    path: `${component}.data.directory`,
    message: "must be an absolute path, starting with /, without ..",
    hint: "For example `directory: /var/lib/postgresql`.",
  },
  {
    name: "another pod without its namespace",
    text: workload('workload: deployment/shop\nlose: node\naccepts: [@"cart-*"]'),
    path: `${component}.accepts[0]`,
    message: 'must be namespace and name, such as "shop/cart-*"',
    hint: "It means: a pod, by namespace and name.",
  },
  {
    name: "a second colon",
    text: plan("", "name: shop\nowner: @team: x"),
    path: "",
    message: "not YAML: a second `key:` within a value, or wrong indentation",
    hint: 'Put text that contains ": ", " #" or begins with a special character into quotes. Indent with spaces only; what belongs together begins in the same column.',
  },
  {
    name: "a character that must be quoted",
    text: plan("", "name: shop\nowner: { team: @`x` }"),
    path: "",
    message: "not YAML: a value begins with a character that must be quoted",
    hint: 'Put text that contains ": ", " #" or begins with a special character into quotes.',
  },
  {
    name: "a quote that is not closed",
    text: 'name: "shop\n@',
    path: "",
    message: "not YAML: a quote, bracket, comma or colon is missing",
    hint: "Close every bracket, brace and quote, and part the entries with commas. Indent with spaces only; what belongs together begins in the same column.",
  },
  {
    name: "a tag that YAML knows",
    text: plan("", "name: !!binary @aGFtcGVs"),
    path: "",
    message: "tags (!name) are not allowed",
    hint: "Remove the tag; put the value into quotes if it is text.",
  },
];
