import type { LonghornComponent } from "./longhorn-schema.ts";
import type { Component } from "./schema.ts";

/** A server as people write it: "db.lan:5432", or the directory of its Unix socket and the port. */
export function describeServer({ host, port }: { host: string; port: number }): string {
  return host.startsWith("/") ? `${host} port ${port}` : `${host}:${port}`;
}

/** What a component stands for, as a person would call it: "database shop on db.lan:5432". */
export function targetOf(component: Component): string {
  switch (component.kind) {
    case "pgdump":
      return `database ${component.database} on ${describeServer(component.connection)}`;
    case "pgbackrest":
      return `cluster ${component.data} on ${describeServer(component.connection)}`;
    case "namespace":
      return `namespace ${component.namespace}`;
    case "cluster":
      return `the whole cluster ${component.name}`;
    case "workload":
      return `${component.workload} in namespace ${component.namespace}${component.lose === "node" ? ", and its node" : ""}`;
    case "longhorn":
      return volumeWords(component);
  }
}

function volumeWords({ namespace, claim, volume, selector }: LonghornComponent): string {
  if (claim !== undefined) return `volume of claim ${namespace}/${claim}`;
  if (volume !== undefined) return `volume ${volume}`;
  const labels = Object.entries(selector ?? {}).map(([key, value]) => `${key}=${value}`);
  return `volumes of namespace ${namespace}${labels.length === 0 ? "" : ` with ${labels.join(",")}`}`;
}
