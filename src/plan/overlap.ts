import { posix } from "node:path";
import { sameVolume } from "./longhorn-rules.ts";
import type { Component, Connection } from "./schema.ts";

/** When two components would protect, and destroy, the same thing. */

/** A cluster holds all databases of its server, so that one component's loss would be the other's too. */
export function overlap(one: Component, other: Component): boolean {
  if (one.kind === "pgdump" && other.kind === "pgdump")
    return sameServer(one, other) && one.database === other.database;
  if (one.kind === "namespace") return other.kind === "namespace" && one.namespace === other.namespace;
  if (one.kind === "longhorn") return other.kind === "longhorn" && sameVolume(one, other);
  // One in a namespace of the plan is another drill, of another scenario.
  if (one.kind === "workload")
    return other.kind === "workload" && one.namespace === other.namespace && one.workload === other.workload;
  if (one.kind === "cluster") return other.kind === "cluster";
  if (other.kind === "namespace" || other.kind === "longhorn" || other.kind === "workload" || other.kind === "cluster")
    return false;
  if (one.kind === "pgbackrest" && other.kind === "pgbackrest") {
    const sameStanza = one.stanza === other.stanza && one.config === other.config;
    if (sameStanza || posix.resolve(one.data) === posix.resolve(other.data)) return true;
  }
  return sameServer(one, other);
}

export function sameServer(one: { connection: Connection }, other: { connection: Connection }): boolean {
  return host(one.connection) === host(other.connection) && one.connection.port === other.connection.port;
}

function host({ host }: Connection): string {
  const local = ["localhost", "::1"].includes(host.toLowerCase()) || host.startsWith("/") || host.startsWith("127.");
  return local ? "this host" : host.toLowerCase();
}
