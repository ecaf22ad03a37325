/**
 * Names of locks of a cluster and of its databases, see lock-names.ts: drills of two databases go on side by side, and
 * neither beside a drill of their cluster. By the system identifier, because one server has many addresses.
 */
export function clusterLock(systemIdentifier: string): string {
  return `postgres/${systemIdentifier}`;
}

export function databaseLock(systemIdentifier: string, database: string): string {
  return `${clusterLock(systemIdentifier)}/${encodeURIComponent(database)}`;
}
