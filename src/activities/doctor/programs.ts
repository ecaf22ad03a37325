import type { Component, PgBackRestComponent, PgDumpComponent, Plan } from "../../plan/schema.ts";
import { programMissing } from "../exec.ts";
import { exists } from "../files.ts";
import { backrestVersion } from "../pgbackrest/client.ts";
import { findBin, majorOf } from "../pgbackrest/cluster.ts";
import { programs } from "../pgdump/programs.ts";
import { withClient } from "../postgres/client.ts";
import { findAll, findVersions, majorVersion } from "../postgres/programs.ts";
import { inspectServer } from "../postgres/server.ts";
import { find, type Finding, type Seen } from "./finding.ts";
import { lookAtLayerPrograms } from "./layers.ts";

/** The programs that the plan's components and layers need on this host, and whether they go with their servers. */
export async function lookAtPrograms(plan: Plan): Promise<Finding[]> {
  const ofComponents = plan.components.map((component) => on(component)(component));
  return (await Promise.all([...ofComponents, lookAtLayerPrograms(plan)])).flat();
}

const kinds: { [K in Component["kind"]]: (component: Extract<Component, { kind: K }>) => Promise<Finding[]> } = {
  // A kubeconfig may name a program; whether it is there shows when the cluster is asked.
  namespace: () => Promise.resolve([]),
  workload: () => Promise.resolve([]),
  cluster: () => Promise.resolve([]),
  longhorn: () => Promise.resolve([]),
  pgdump: async (component) => [await find("programs", component.name, () => clients(component))],
  pgbackrest: async (component) =>
    await Promise.all([
      find("programs", component.name, async () => `pgbackrest ${await backrestVersion(component)}`),
      find("programs", `${component.name} server`, () => serverPrograms(component)),
      ...(["start", "stop"] as const).flatMap((way) =>
        component[way] === undefined
          ? []
          : [find("programs", `${component.name} ${way}`, () => ofPlan(component[way]![0]!))],
      ),
    ]),
};

/** What a component's own kind needs; the component that goes in decides which, so the cast is safe. */
function on(component: Component): (component: Component) => Promise<Finding[]> {
  return kinds[component.kind] as (component: Component) => Promise<Finding[]>;
}

/** Undefined while the server does not say: that it does not answer is a finding about the component. */
async function versionOf(
  { connection }: PgDumpComponent | PgBackRestComponent,
  database: string,
): Promise<number | undefined> {
  return await withClient(connection, database, inspectServer).then(
    ({ versionNumber }) => versionNumber,
    () => undefined,
  );
}

/** @throws PROGRAM_MISSING, UNSUPPORTED_VERSION */
async function clients(component: PgDumpComponent): Promise<Seen> {
  const version = await versionOf(component, component.maintenanceDatabase);
  if (version === undefined) return await withoutServer(["pg_dump", "pg_restore", "psql"]);
  const { pgDump, pgRestore, psql } = await programs(version);
  const [dump, restore, sql] = await Promise.all([pgDump, pgRestore, psql].map(majorVersion));
  return `pg_dump ${dump}, pg_restore ${restore}, psql ${sql} for PostgreSQL ${Math.floor(version / 10_000)}`;
}

/** @throws PROGRAM_MISSING */
async function serverPrograms(component: PgBackRestComponent): Promise<Seen> {
  const version = await versionOf(component, component.database);
  // Data that is gone, or cannot be read, tells no version: what is on PATH is looked at then.
  const major =
    version === undefined ? await majorOf(component.data).catch(() => undefined) : Math.floor(version / 10_000);
  if (major === undefined) return await withoutServer(["pg_ctl"]);
  return `pg_ctl ${major} in ${await findBin(major)}`;
}

/** @throws PROGRAM_MISSING */
async function withoutServer(names: string[]): Promise<Seen> {
  const all: string[] = [];
  for (const name of names) {
    const majors = new Set<number>();
    for await (const { major } of findVersions(name)) majors.add(major);
    if (majors.size === 0) throw programMissing(name);
    all.push(`${name} ${[...majors].join(" and ")}`);
  }
  return {
    message: `${all.join(", ")}; whether one fits, only the server can tell`,
    hint: "Let the server answer, then call doctor again.",
  };
}

/** @throws PROGRAM_MISSING */
async function ofPlan(program: string): Promise<Seen> {
  const found = program.includes("/") ? await exists(program) : (await findAll(program)).length > 0;
  if (!found) throw programMissing(program);
  return program;
}
