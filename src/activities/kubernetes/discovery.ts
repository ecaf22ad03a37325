import { resourcesIn } from "./client.ts";
import type { Cluster } from "./cluster.ts";
import type { Resource } from "./object.ts";
import { groupPath, splitApiVersion } from "./paths.ts";
import { statusOf } from "./refusal.ts";

export interface Discovered {
  /** Every kind once, in the version that its group prefers among those that serve it. */
  resources: Resource[];
  /** Groups with version that did not answer: what they serve is not known, or may have changed. */
  stale: string[];
}

interface Versions {
  group: string;
  /** The preferred one first. */
  versions: { version: string; resources: Resource[]; stale: boolean }[];
}

const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/**
 * All kinds that an API server serves, once it is ready: in two requests, or in one for each group where the server is older
 * than 1.27.
 */
export async function discover(cluster: Cluster): Promise<Discovered> {
  await untilReady(cluster);
  const roots = await Promise.all(["/api", "/apis"].map(async (path) => await groupsOf(cluster, path)));
  const groups = roots.flat();
  return {
    resources: groups.flatMap(preferred),
    stale: groups.flatMap(({ group, versions }) =>
      versions.filter(({ stale }) => stale).map(({ version }) => (group === "" ? version : `${group}/${version}`)),
    ),
  };
}

/**
 * A server that has just started answers before it knows its custom resources, and leaves them out without a word: what
 * exists would look absent. It says 500 for so long, which is asked again.
 */
async function untilReady(cluster: Cluster): Promise<void> {
  try {
    await cluster.raw("/readyz");
  } catch (error) {
    // Not everybody may ask, or a proxy keeps it to itself.
    if (![403, 404].includes(statusOf(error) ?? 0)) throw error;
  }
}

/** A kind may be in an older version of its group only; so it is with operators that bring new kinds in new versions. */
function preferred({ versions }: Versions): Resource[] {
  const found = new Map<string, Resource>();
  for (const resource of versions.flatMap(({ resources }) => resources))
    if (!found.has(resource.plural)) found.set(resource.plural, resource);
  return [...found.values()];
}

async function groupsOf(cluster: Cluster, path: string): Promise<Versions[]> {
  const answer = JSON.parse(await cluster.raw(path, `${aggregated}, application/json`)) as Answer;
  if (answer.kind === "APIGroupDiscoveryList") return answer.items.map(aggregatedGroup);
  const groups = answer.kind === "APIVersions" ? { "": answer.versions } : versionsByGroup(answer.groups);
  return await Promise.all(
    Object.entries(groups).map(async ([group, versions]) => ({
      group,
      versions: await Promise.all(versions.map(async (version) => await oneVersion(cluster, { group, version }))),
    })),
  );
}

function versionsByGroup(groups: ApiGroup[]): Record<string, string[]> {
  return Object.fromEntries(
    groups.map(({ name, preferredVersion, versions }) => {
      const all = [...(preferredVersion === undefined ? [] : [preferredVersion]), ...versions];
      return [name, [...new Set(all.map(({ groupVersion }) => splitApiVersion(groupVersion).version))]];
    }),
  );
}

/** A dead extension server must not hide all the others; it is asked once. */
async function oneVersion(cluster: Cluster, of: { group: string; version: string }) {
  const { version } = of;
  try {
    const answer = await cluster.with({ withinMs: 0 }).raw(groupPath(of));
    return { version, resources: resourcesIn(of, answer), stale: false };
  } catch (error) {
    const status = statusOf(error);
    if (status === undefined || (status !== 404 && status < 500)) throw error;
    return { version, resources: [], stale: true };
  }
}

function aggregatedGroup({ metadata: { name: group = "" }, versions }: AggregatedGroup): Versions {
  return {
    group,
    versions: versions.map(({ version, resources = [], freshness }) => ({
      version,
      stale: freshness === "Stale",
      resources: resources.map(({ resource: plural, responseKind, scope, verbs }) => {
        return { group, version, kind: responseKind?.kind ?? "", plural, namespaced: scope === "Namespaced", verbs };
      }),
    })),
  };
}

interface ApiGroup {
  name: string;
  preferredVersion?: { groupVersion: string };
  versions: { groupVersion: string }[];
}

interface AggregatedGroup {
  metadata: { name?: string };
  versions: {
    version: string;
    freshness?: string;
    resources?: { resource: string; responseKind?: { kind?: string }; scope: string; verbs: string[] }[];
  }[];
}

type Answer =
  | { kind: "APIGroupDiscoveryList"; items: AggregatedGroup[] }
  | { kind: "APIVersions"; versions: string[] }
  | { kind: "APIGroupList"; groups: ApiGroup[] };
