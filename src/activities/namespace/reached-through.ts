import type { Survey } from "./survey.ts";

/** Things that a recovery needs, and that lie in the namespace, or are reached through a Service of it: they would be lost with it. */
export function reachedThrough(namespace: string, { gitops, stores }: Pick<Survey, "gitops" | "stores">): string[] {
  const sources = gitops
    .filter(({ kind, metadata }) => kind.endsWith("Repository") && metadata.namespace !== namespace)
    .filter(({ spec }) => isWithin(spec?.["url"], namespace))
    .map(({ kind, metadata }) => `what ${kind} ${metadata.namespace}/${metadata.name} reads from`);
  const backups = stores
    .filter((store) => store.namespace === namespace || store.urls.some((url) => isWithin(url, namespace)))
    .map(({ name }) => `the backups of ${name}`);
  return [...sources, ...backups];
}

/** "http://git.forge.svc.cluster.local/apps.git" is within namespace forge. */
function isWithin(url: unknown, namespace: string): boolean {
  const host = typeof url === "string" ? /^[\w+]+:\/\/(?:[^@/]*@)?([^:/]+)/.exec(url)?.[1] : undefined;
  return host !== undefined && new RegExp(`\\.${namespace}(\\.svc(\\..+)?)?$`).test(host);
}
