import prettyBytes from "pretty-bytes";
import * as z from "zod";
import { Duration, name as planName, path, Secret } from "../../plan/scalars.ts";
import { Connection, PgBackRestComponent, PgDumpComponent, Plan } from "../../plan/schema.ts";
import { parsePlan } from "../../plan/load.ts";
import { askOne, askSome, askText, type Choice, warn } from "./ask.ts";
import { type Chosen, componentNames, defaults, type Draft, planOf, withPassword } from "./draft.ts";
import { stanzaChoice, usual } from "./from-options.ts";
import type { Found } from "./look.ts";

/** What `firedrill init` asks; what an option says already is not asked. */

/** What the plan is to protect: what was found, and what somebody knows better. Asks again while that makes no plan. */
export async function askWhat(found: Found): Promise<Chosen[]> {
  const choices = [...foundChoices(found), ...typedChoices];
  const nothing = choices.length === typedChoices.length;
  for (;;) {
    const asked = nothing ? "Nothing was found here. What do you have?" : "What is to be protected?";
    const chosen: Chosen[] = [];
    for (const pick of await askSome(asked, choices)) chosen.push(typeof pick === "function" ? await pick() : pick);
    const wrong = whyNoPlan(chosen);
    if (wrong === undefined) return chosen;
    warn(wrong);
  }
}

/** What no later answer can mend, such as a database of a cluster that is protected as a whole. */
function whyNoPlan(chosen: Chosen[]): string | undefined {
  const { problems } = parsePlan(JSON.stringify(planOf("new", { ...defaults, chosen })), "");
  const [first] = problems;
  return first === undefined ? undefined : `${first.path} ${first.message}. ${first.hint}`;
}

type Pick = Chosen | (() => Promise<Chosen>);

function foundChoices({ servers, stanzas }: Found): Choice<Pick>[] {
  const databases = servers.flatMap(({ connection, version, databases }) =>
    databases.map(({ name, bytes }): Choice<Pick> => {
      const size = bytes === null ? "" : `, ${prettyBytes(bytes)}`;
      const hint = `PostgreSQL ${version} on ${connection.host}:${connection.port}${size}`;
      return { value: { kind: "pgdump", database: name, connection }, label: `database ${name}`, hint };
    }),
  );
  const clusters = stanzas.map(({ name, backups, server, osUser }): Choice<Pick> => {
    const data = server?.dataDirectory ?? "";
    const value: Pick =
      server === undefined || data === ""
        ? () => askStanza(name, server?.connection ?? usual, osUser)
        : stanzaChoice(name, data, server.connection, server, osUser);
    const where = data === "" ? "no server here answers for it" : data;
    return { value, label: `cluster of stanza ${name}`, hint: `pgBackRest, ${backups} backups; ${where}` };
  });
  return [...databases, ...clusters];
}

const typedChoices: Choice<Pick>[] = [
  { value: askDatabase, label: "another database", hint: "by pg_dump; you say where it is" },
  {
    value: () => askStanza("main", usual, undefined),
    label: "another cluster",
    hint: "by a pgBackRest stanza of this host",
  },
];

async function askDatabase(): Promise<Chosen> {
  const connection = await askConnection(usual);
  const database = await askText("Name of the database", PgDumpComponent.shape.database, "");
  return { kind: "pgdump", database, connection };
}

async function askStanza(known: string, connection: Connection, osUser: string | undefined): Promise<Chosen> {
  const { stanza: stanzaName, data: directory } = PgBackRestComponent.shape;
  const stanza = await askText("Name of the stanza", stanzaName, known);
  const data = await askText(`Data directory of stanza ${stanza} (PGDATA)`, directory, "");
  return stanzaChoice(stanza, data, await askConnection(connection), undefined, osUser);
}

async function askConnection(known: Connection): Promise<Connection> {
  const { host, port, user } = Connection.shape;
  const number = z.coerce.number().pipe(port.unwrap());
  return {
    host: await askText("Host, or directory of the Unix socket", host, known.host),
    port: Number(await askText("Port", number, String(known.port))),
    user: await askText("User that may dump, create and drop it", user, known.user),
    tls: known.tls,
  };
}

/** How the worker logs in where that goes over the network; over a socket the server knows the user. */
export async function askPassword(chosen: Chosen[], said: Secret | undefined): Promise<Chosen[]> {
  const overNetwork = ({ connection }: Chosen) => !connection.host.startsWith("/");
  if (!chosen.some(overNetwork)) return chosen;
  const password = said ?? (await askReference(componentNames(chosen)[0]!));
  return chosen.map((one) => (overNetwork(one) ? { ...one, connection: withPassword(one.connection, password) } : one));
}

async function askReference(component: string): Promise<Secret | undefined> {
  const [byVariable, byFile] = Secret.options;
  const kind = await askOne("How does the worker log in? The plan has no password, only where it is.", [
    { value: "none", label: "without one", hint: "trust, certificate, or ~/.pgpass of the worker's user" },
    { value: "env", label: "an environment variable of the worker" },
    { value: "file", label: "a file on the worker's host" },
  ]);
  if (kind === "none") return undefined;
  const variable = `${component.toUpperCase().replaceAll("-", "_")}_PASSWORD`;
  return kind === "env"
    ? { env: await askText("Name of the variable", byVariable.shape.env, variable) }
    : { file: await askText("Path of the file", byFile.shape.file, "/run/secrets/database-password") };
}

/** What else the plan says, with what is usual. */
export async function askRest(said: Partial<Draft>, usually: Omit<Draft, "chosen">, chosen: Chosen[]): Promise<Draft> {
  const dumped = chosen.some(({ kind }) => kind === "pgdump");
  const ask = (message: string, schema: z.ZodType, key: "rto" | "rpo" | "dumps") =>
    said[key] ?? askText(message, schema, usually[key]);
  return {
    chosen,
    config: usually.config,
    dumps: dumped ? await ask("Directory for the dumps, outside the server's own data", path, "dumps") : usually.dumps,
    environment: said.environment ?? (await askEnvironment()),
    rto: await ask("How long may it take until the data is back (RTO)?", Duration, "rto"),
    rpo: await ask("How much time's data may be lost (RPO)?", Duration, "rpo"),
  };
}

async function askEnvironment(): Promise<Draft["environment"]> {
  const hints = {
    dev: "drills destroy what the worker may destroy",
    staging: "the same",
    production: "others must approve first",
  };
  const environments = Plan.shape.environment.unwrap().options;
  return await askOne(
    "Which environment is it?",
    environments.map((value) => ({ value, label: value, hint: hints[value] })),
  );
}

/** @param taken says that there is such a plan already */
export async function askName(usually: string, taken: (name: string) => string | undefined): Promise<string> {
  return await askText("Name of the plan, and of its file", planName, usually, taken);
}
