import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { stringify } from "yaml";
import { type DevServer, startDevServer } from "../../src/temporal/dev-server.ts";
import { tryPort } from "../../src/temporal/ports.ts";
import { type Canary, canary, longCanary, shortCanary } from "./canaries.ts";
import { createDrill, type Drill, type DrillRun, pgbackrest, pgdump } from "./drill.ts";
import type { Sighting } from "./process-sampler.ts";

/** All canaries, by where a person has put them. */
export const canaries = {
  env: canary("env", (core) => `q"uo'te\\b%41&s p ${core} ü€😀<`),
  file: canary("file", (core) => `${core}/+a9Zz==`),
  short: shortCanary("short", "Ж9ю"),
  long: longCanary("long", 250),
  aws: canary("aws", (core) => `${core}/wJalr+K7MDENG`),
  temporal: canary("temporal"),
  ownPassword: canary("ownPassword"),
  cipher: canary("cipher"),
  s3: canary("s3"),
  row: canary("row"),
  setting: canary("setting"),
  mapping: canary("mapping"),
  subscription: canary("subscription"),
  literal: canary("literal"),
  /** Put into `reason` on purpose: where this is not found, the search is blind. */
  probe: canary("probe", (core) => `"probe\\" ${core} %26&'`),
};

/** What was seen of the runs while they went on, and where everything lies afterwards. */
export interface Story {
  drill: Drill;
  temporal: DevServer;
  temporalDirectory: string;
  runs: DrillRun[];
  /** Answers of the Temporal server while runs went on: heartbeats, memo, search attributes, details, the record; and metrics. */
  watched: unknown[];
  /** Everything that `firedrill` printed. */
  printed: string[];
  sightings: () => Promise<Sighting[]>;
  start: (...args: Parameters<Drill["start"]>) => Promise<DrillRun>;
  firedrill: (...args: string[]) => Promise<{ exitCode: number | undefined; all: string }>;
  /** Replaces a program by a shell script until the returned function is called. */
  script: (what: string, text: string) => Promise<() => Promise<void>>;
  close: () => Promise<void>;
}

export const all: Canary[] = Object.values(canaries);
/** What a person gave to other programs, or by mistake to a file; and the passwords that Firedrill uses. */
export const hidden = all.filter(({ name }) => name !== "probe");

export async function beginStory(): Promise<Story> {
  const temporalDirectory = await mkdtemp(join(tmpdir(), "fdt-"));
  const temporal = await startDevServer({ directory: temporalDirectory, port: 0, uiPort: 0, ui: false, say() {} });
  const drill = await createDrill({ archive: true, hooks: true, address: temporal.address });
  const port = await tryPort(0);
  await drill.configure({ metrics: { port } });
  await plantCanaries(drill);
  const sampler = await startSampler(drill.directory);
  const runs: DrillRun[] = [];
  const watched: unknown[] = [];
  const printed: string[] = [];
  let watching = true;
  const watcher = (async () => {
    while (watching) {
      const [run] = runs.slice(-1);
      if (run !== undefined)
        watched.push(
          await run.handle
            .describe()
            .then(({ raw }) => raw)
            .catch(String),
          // No worker may run at this moment.
          await fetch(`http://127.0.0.1:${port}/metrics`)
            .then((response) => response.text())
            .catch(String),
        );
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
  })();
  let scripts = 0;
  return {
    drill,
    temporal,
    temporalDirectory,
    runs,
    watched,
    printed,
    sightings: async () =>
      (await readFile(sampler.out, "utf8"))
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Sighting),
    async start(type, more) {
      const run = await drill.start(type, { reason: canaries.probe.secret, ...more });
      runs.push(run);
      return run;
    },
    async firedrill(...args) {
      const env = {
        ...workerSecrets(),
        FIREDRILL_CONFIG: join(drill.directory, "firedrill.yaml"),
        TEMPORAL_ADDRESS: temporal.address,
      };
      const { exitCode, all: text } = await execa(process.execPath, ["bin/firedrill.js", ...args], {
        env,
        reject: false,
        all: true,
        stdin: "ignore",
      });
      printed.push(text);
      return { exitCode, all: text };
    },
    async script(what, text) {
      const path = join(drill.directory, "hook", `script-${(scripts += 1)}.sh`);
      await writeFile(path, `#!/bin/sh\n${text}\n`);
      await chmod(path, 0o755);
      return await drill.hooks.replace(what, path);
    },
    async close() {
      watching = false;
      await watcher;
      sampler.child.kill("SIGTERM");
      await once(sampler.child, "exit");
      await rm(sampler.out, { force: true });
      await drill.remove();
      await temporal.stop();
      await rm(temporalDirectory, { recursive: true });
    },
  };
}

/** Secrets in the environment of workers and of `firedrill` on the command line; one of them the plan names. */
export function workerSecrets(): Record<string, string> {
  return {
    SHOP_LOGIN: canaries.env.secret,
    AWS_SECRET_ACCESS_KEY: canaries.aws.secret,
    TEMPORAL_CODEC_AUTH: canaries.temporal.secret,
    PGPASSWORD: canaries.ownPassword.secret,
  };
}

const secretFile = (drill: Drill) => join(drill.directory, "login");
export const nasty = (drill: Drill) =>
  pgdump(drill, { connection: { port: drill.server.port, user: "dr", password: { env: "SHOP_LOGIN" } } });
export const ledger = (drill: Drill) =>
  pgbackrest(drill, {
    connection: { port: drill.server.port, user: "dr_file", password: { file: secretFile(drill) } },
  });

async function plantCanaries({ directory, server }: Drill): Promise<void> {
  const text = ({ secret }: Canary) => `'${secret.replaceAll("'", "''")}'`;
  await server.sql(
    "postgres",
    `set standard_conforming_strings = on;
    create role dr superuser login password ${text(canaries.env)}; create role dr_file superuser login password ${text(canaries.file)}`,
  );
  await server.sql(
    "shop",
    `insert into customer (name) values (${text(canaries.row)});
    alter table customer owner to dr;
    alter database shop set app.token = ${text(canaries.setting)};
    create extension postgres_fdw; create server elsewhere foreign data wrapper postgres_fdw options (host 'nowhere');
    create user mapping for dr server elsewhere options (user 'dr', password ${text(canaries.mapping)})`,
  );
  await server.sql("postgres", "create database other");
  await server.sql(
    "other",
    `create subscription feed connection 'host=nowhere password=${canaries.subscription.secret}'
    publication p with (connect = false, enabled = false, slot_name = none)`,
  );
  const options = `\n[global]\nrepo1-cipher-pass=${canaries.cipher.secret}\nrepo1-s3-key-secret=${canaries.s3.secret}\nlog-level-file=debug\n`;
  await appendFile(server.pgbackrest!.config, options);
  await writeFile(secretFile({ directory } as Drill), `${canaries.file.secret}\n`, { mode: 0o600 });
  await writeFile(join(directory, "long"), canaries.long.secret, { mode: 0o600 });
  await writeFile(join(directory, "short"), `${canaries.short.secret}\r\n`, { mode: 0o600 });
  // Stays there all the time: `drill.plan` writes the other one anew.
  await writeFile(
    join(directory, "plans", "kept.yaml"),
    "components: [{ connection: { password: { env: SHOP_LOGIN } } }]",
  );
  // A password in every wrong place of a plan.
  const place = { name: "shop", kind: "pgdump", database: "shop", dumps: "/d" };
  const { secret } = canaries.literal;
  const shapes = [
    { connection: { password: secret } },
    { connection: { password: { env: `${secret}!` } } },
    { connection: { password: [secret] } },
    { connection: { pasword: secret } },
    { connection: { host: `postgres://me:${secret}@host/shop` } },
    { connection: { user: `me:${secret}` } },
    { connection: `host=db password=${secret}` },
    { password: secret },
  ];
  const components = shapes.map((shape, index) => ({ ...place, name: `shop${index}`, ...shape }));
  await writeFile(join(directory, "plans", "literal.yaml"), stringify({ name: "literal", components }));
  await writeFile(
    join(directory, "literal-config.yaml"),
    stringify({ password: secret, temporal: { apiKey: secret } }),
  );
}

async function startSampler(directory: string): Promise<{ child: ChildProcess; out: string }> {
  const [needles, out] = [join(directory, "needles.json"), `${directory}.sightings`];
  const list = all.map(({ name, needles: bytes }) => ({ name, needles: bytes.map((one) => one.toString("hex")) }));
  await writeFile(needles, JSON.stringify(list));
  const child = spawn(process.execPath, [join(import.meta.dirname, "process-sampler.ts"), needles, out], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  for (let tries = 0; tries < 200; tries += 1) {
    if ((await readFile(out, "utf8").catch(() => undefined)) !== undefined) return { child, out };
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("the sampler did not start");
}
