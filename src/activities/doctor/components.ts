import type { Client } from "@temporalio/client";
import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../../config.ts";
import type { ComponentFacts } from "../../guard/facts.ts";
import { dataOf } from "../../plan/namespace-data.ts";
import type { Component, PgBackRestComponent, PgDumpComponent, Plan } from "../../plan/schema.ts";
import type { RunType, Scenario } from "../../report/record.ts";
import { fileFailure, privateDirectory } from "../files.ts";
import { inspectNamespaceData } from "../namespace-data/inspect.ts";
import { withClient } from "../postgres/client.ts";
import { serverNow } from "../postgres/server.ts";
import type { StepContext } from "../step.ts";
import type { Inspection } from "../verbs.ts";
import { judgeClock } from "./clock.ts";
import { find, type Finding, type Seen } from "./finding.ts";
import { askGuards } from "./guards.ts";
import { lookAtDirectory } from "./host.ts";
import { contextOf, inspectionOf, soon } from "./inspections.ts";
import { lookAtLayers, withCluster } from "./layers.ts";
import { withVolumes } from "./volumes.ts";

type Inspect = (type: RunType) => Promise<Inspection>;
type Looked = Partial<Record<Scenario, ComponentFacts>>;

/**
 * The plan's systems, by the very inspections that a run begins with, and what the guards say of them. Inspections may
 * note something in a run's directory: here in one that is gone afterwards.
 */
export async function lookAtComponents(config: Config, client: Client | undefined, plan: Plan): Promise<Finding[]> {
  const directory = join(config.state, `doctor-${randomUUID()}`);
  // Where no worker has ever run, it makes those above it as well.
  const made = await mkdir(directory, { recursive: true, mode: privateDirectory }).catch((error: unknown) => {
    throw fileFailure(error, directory);
  });
  try {
    const context = (type: RunType) => contextOf(config, plan, directory, type);
    const { components, findings: lists } = await withVolumes(plan, context("audit"), soon);
    const [layers, ...looked] = await Promise.all([
      lookAtLayers(plan, context("audit")),
      ...components.map(async (component) => {
        const inspect: Inspect = (type) => inspectionOf(component, plan, context(type));
        const found = withCluster(await kinds[component.kind](component as never, inspect), plan);
        return await withHolder(found, component, plan, context("audit"));
      }),
    ]);
    const facts = (scenario: Scenario) => [
      ...looked.flatMap(({ facts: of }) => of[scenario] ?? []),
      ...(scenario === "cluster" ? layers.facts : []),
    ];
    const guards = await askGuards(client, plan, {
      database: facts("database"),
      namespace: facts("namespace"),
      workload: facts("workload"),
      cluster: facts("cluster"),
      volume: facts("volume"),
      none: facts("none"),
    });
    return [...layers.findings, ...lists, ...looked.flatMap(({ findings }) => findings), ...guards];
  } finally {
    await rm(made ?? directory, { recursive: true, force: true });
  }
}

type Look<C extends Component> = (component: C, inspect: Inspect) => Promise<{ findings: Finding[]; facts: Looked }>;

const kinds: { [K in Component["kind"]]: Look<Extract<Component, { kind: K }>> } = {
  /** Where it is restored to in a drill, beside the live one or in its place, asks for nothing else. */
  async pgdump(component: PgDumpComponent, inspect) {
    const [live, ...rest] = await Promise.all([
      inspected(component.name, () => inspect("audit")),
      find("plan", `${component.name} dumps`, () => lookAtDirectory(component.dumps)),
      find("plan", `${component.name} clock`, () => compareClocks(component, component.maintenanceDatabase)),
    ]);
    return { findings: [live.finding, ...rest], facts: withFacts({ database: live.facts, none: live.facts }) };
  },
  async pgbackrest(component: PgBackRestComponent, inspect) {
    const { name, database } = component;
    const [live, scratch, clock] = await Promise.all([
      inspected(name, () => inspect("audit")),
      inspected(`${name} scratch`, async () => ({ ...(await inspect("exercise")), note: "can be restored beside it" })),
      find("plan", `${name} clock`, () => compareClocks(component, database)),
    ]);
    const findings = [live.finding, scratch.finding, clock];
    return { findings, facts: withFacts({ database: live.facts, none: scratch.facts }) };
  },
  async longhorn({ name }, inspect) {
    const live = await inspected(name, () => inspect("audit"));
    return { findings: [live.finding], facts: withFacts({ volume: live.facts, none: live.facts }) };
  },
  async namespace({ name }, inspect) {
    const live = await inspected(name, () => inspect("audit"));
    return { findings: [live.finding], facts: withFacts({ namespace: live.facts }) };
  },
  async cluster({ name }, inspect) {
    const live = await inspected(name, () => inspect("audit"));
    return { findings: [live.finding], facts: withFacts({ cluster: live.facts }) };
  },
  async workload({ name }, inspect) {
    const live = await inspected(name, () => inspect("audit"));
    return { findings: [live.finding], facts: withFacts({ workload: live.facts }) };
  },
};

/** Data of a namespace is lost with it: that the database alone may not be destroyed is no fault then. */
async function withHolder(
  { findings, facts: { database, ...facts } }: { findings: Finding[]; facts: Looked },
  component: Component,
  { components, access }: Plan,
  context: StepContext,
): Promise<{ findings: Finding[]; facts: Looked }> {
  const holder = components.find((one) => dataOf(one, components).some(({ name }) => name === component.name));
  if (component.kind !== "pgdump" || holder?.kind !== "namespace")
    return { findings, facts: withFacts({ database, ...facts }) };
  const input = { component, holder, access: access!, toTime: null };
  const within = await inspected(`${component.name} in ${holder.name}`, () =>
    inspectNamespaceData(input, context, soon),
  );
  const alone = database?.listed === true ? database : undefined;
  return {
    findings: [...findings, within.finding],
    facts: withFacts({ ...facts, database: alone, namespace: within.facts }),
  };
}

/** What could not be inspected has none. */
function withFacts(facts: { [S in Scenario]?: ComponentFacts | undefined }): Looked {
  return Object.fromEntries(Object.entries(facts).filter(([, of]) => of !== undefined));
}

async function inspected(name: string, inspect: () => Promise<Inspection>) {
  let facts: ComponentFacts | undefined;
  const finding = await find("plan", name, async () => {
    const { target, note, facts: seen } = await inspect();
    facts = seen;
    return `${target}: ${note}`;
  });
  return { finding, facts };
}

/** @throws NOT_PROVEN, and as connect */
async function compareClocks({ connection }: PgDumpComponent | PgBackRestComponent, database: string): Promise<Seen> {
  return await withClient(connection, database, async (client) => {
    const before = Date.now();
    const there = Date.parse(await serverNow(client));
    return judgeClock(before - there, Date.now() - there, "PostgreSQL's");
  });
}
