import type { Scenario } from "../report/record.ts";
import type { Component, PgDumpComponent } from "./schema.ts";

/** Which databases are lost and restored with which namespace. Pure. */

export function dataOf(holder: Component, all: Component[]): PgDumpComponent[] {
  if (holder.kind !== "namespace") return [];
  const names = (holder.data ?? []).map(({ component }) => component);
  return all.filter((one): one is PgDumpComponent => one.kind === "pgdump" && names.includes(one.name));
}

/** The chosen namespaces with the databases that they name as their data: a run is about both. */
export function withData(chosen: Component[], all: Component[]): Component[] {
  return chosen.flatMap((component) => [component, ...dataOf(component, all)]);
}

/** The namespace of which a component is data in a run of this scenario. */
export function holderOf({ name }: { name: string }, all: Component[], scenario: Scenario): string | undefined {
  if (scenario !== "namespace") return undefined;
  return all.find((one) => dataOf(one, all).some((data) => data.name === name))?.name;
}
