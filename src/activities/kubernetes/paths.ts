import type { KubernetesObject, Resource } from "./object.ts";

/** What a request needs to know of a kind. */
export type Kind = Pick<Resource, "group" | "version" | "kind" | "plural" | "namespaced">;

/** Which objects of a kind. */
export interface Selection {
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
}

export function apiVersionOf({ group, version }: Pick<Resource, "group" | "version">): string {
  return group === "" ? version : `${group}/${version}`;
}

/** How an object's kind is served; undefined where it is not any more. */
export function servedKind(
  resources: Resource[],
  { apiVersion, kind }: Pick<KubernetesObject, "apiVersion" | "kind">,
): Resource | undefined {
  return resources.find((one) => one.kind === kind && apiVersionOf(one) === apiVersion);
}

export function splitApiVersion(apiVersion: string): { group: string; version: string } {
  const [first = "", second] = apiVersion.split("/");
  return second === undefined ? { group: "", version: first } : { group: first, version: second };
}

/** "/api/v1", or "/apis/apps/v1" */
export function groupPath(of: Pick<Resource, "group" | "version">): string {
  return `${of.group === "" ? "/api" : "/apis"}/${apiVersionOf(of)}`;
}

/** Path of all objects of a kind, or of those of one namespace. */
export function listPath(kind: Kind, namespace: string | undefined): string {
  const within = kind.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return `${groupPath(kind)}${within}/${kind.plural}`;
}

export function objectPath(kind: Kind, name: string, namespace: string | undefined): string {
  return `${listPath(kind, namespace)}/${encodeURIComponent(name)}`;
}

/** With those settings that are there. */
export function withQuery(path: string, settings: Record<string, string | number | boolean | undefined>): string {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined && value !== "");
  const query = new URLSearchParams(given.map(([key, value]): [string, string] => [key, String(value)])).toString();
  return query === "" ? path : `${path}?${query}`;
}
