import type { KubernetesObject } from "../kubernetes/object.ts";
import { hostOf, portOf } from "./addresses.ts";
import type { BackupStore } from "./backup-stores.ts";

/** What a recovery needs, and where it is. */
export interface Needed {
  /** "what GitRepository flux-system/apps reads from" */
  what: string;
  /** Addresses through which it is reached. */
  urls: string[];
  /** Together with this one it is lost, wherever it is reached. */
  namespace?: string | undefined;
}

/** Git, the backups of the cluster, and who conducts the run. @param temporal its address */
export function neededOf(
  namespace: string,
  gitops: KubernetesObject[],
  stores: BackupStore[],
  temporal: string,
): Needed[] {
  const sources = gitops
    .filter(({ metadata }) => metadata.namespace !== namespace)
    .map((object) => {
      const { kind, metadata } = object;
      return { what: `what ${kind} ${metadata.namespace}/${metadata.name} reads from`, urls: urlsOf(object) };
    });
  const backups = stores.map(({ name, urls, namespace: of }) => ({
    what: `the backups of ${name}`,
    urls,
    namespace: of,
  }));
  return [...sources, ...backups, { what: "Temporal, which conducts this run,", urls: [temporal] }];
}

interface Ways {
  /** All of the namespace. */
  objects: KubernetesObject[];
  nodes: KubernetesObject[];
  /** IP addresses by host. */
  resolved: Record<string, string[]>;
}

/** Of what is needed that which lies in the namespace, or is reached through it: it would be lost with it. */
export function reachedThrough(namespace: string, needed: Needed[], { objects, nodes, resolved }: Ways): string[] {
  const doors = objects.flatMap((object) => doorsOf(object, namespace, nodes));
  return needed.flatMap(({ what, urls, namespace: of }) => {
    if (of === namespace) return [what];
    for (const url of urls) {
      const door = doors.find((one) => leadsThrough(url, one, resolved));
      if (door !== undefined) return [`${what} at ${hostOf(url)} (${door.by})`];
    }
    return [];
  });
}

/** A name or an IP address that an object of the namespace answers for. */
interface Door {
  /** "Service/minio" */
  by: string;
  host: string;
  /** Only this one; all where it is missing. */
  port?: number;
}

function leadsThrough(url: string, { host, port }: Door, resolved: Record<string, string[]>): boolean {
  const asked = hostOf(url);
  if (port !== undefined && port !== portOf(url)) return false;
  return isNamed(asked, host) || (resolved[asked] ?? []).includes(host);
}

/** What of a cluster answers for an address, such as "Service minio/minio"; undefined where nothing does. */
export function answering(url: string, objects: KubernetesObject[]): string | undefined {
  const nodes = objects.filter(({ kind }) => kind === "Node");
  const found = objects.find((object) =>
    doorsOf(object, object.metadata.namespace ?? "", nodes).some((door) => leadsThrough(url, door, {})),
  );
  return found && `${found.kind} ${[found.metadata.namespace, found.metadata.name].filter(Boolean).join("/")}`;
}

interface From {
  repoURL?: string;
}

/** Where a source of Flux, or an Application, reads from. */
function urlsOf({ kind, spec }: KubernetesObject): string[] {
  const { url, endpoint, source, sources } = (spec ?? {}) as {
    url?: string;
    endpoint?: string;
    source?: From;
    sources?: From[];
  };
  const all =
    kind === "Application"
      ? [source, ...(sources ?? [])].map((one) => one?.repoURL)
      : kind.endsWith("Repository") || kind === "Bucket"
        ? [url, endpoint]
        : [];
  return all.filter((one) => one !== undefined);
}

/** @param name may be "*.example.org", and "git.forge.svc*" for whatever domain the cluster has */
function isNamed(host: string, name: string): boolean {
  if (name.startsWith("*.")) return host.endsWith(name.slice(1));
  if (name.endsWith(".svc*")) {
    const [inside] = host.split(/(?<=\.svc)(?:\.|$)/);
    // A pod of a headless Service has a name of its own below it.
    return [inside, inside!.replace(/^[^.]+\./, "")].includes(name.slice(0, -1));
  }
  return host === name;
}

function doorsOf(
  { kind, metadata, spec, status }: KubernetesObject,
  namespace: string,
  nodes: KubernetesObject[],
): Door[] {
  const by = `${kind}/${metadata.name}`;
  const doors = (hosts: (string | undefined)[]): Door[] =>
    hosts.flatMap((host) =>
      host === undefined || host === "" || host === "None" ? [] : { by, host: host.toLowerCase() },
    );
  if (kind === "Service") {
    const { clusterIPs = [], externalIPs = [], ports = [] } = (spec ?? {}) as ServiceSpec;
    const { ingress = [] } = (status?.["loadBalancer"] ?? {}) as { ingress?: { ip?: string; hostname?: string }[] };
    const own = `${metadata.name}.${namespace}`;
    const nodePorts = ports.flatMap(({ nodePort }) => nodePort ?? []);
    return [
      ...doors([
        own,
        `${own}.svc*`,
        ...clusterIPs,
        ...externalIPs,
        ...ingress.flatMap(({ ip, hostname }) => [ip, hostname]),
      ]),
      ...nodePorts.flatMap((port) => doors(nodes.flatMap(addressesOf)).map((door) => ({ ...door, port }))),
    ];
  }
  if (kind === "Pod" && spec?.["hostNetwork"] !== true)
    return doors(((status?.["podIPs"] ?? []) as { ip?: string }[]).map(({ ip }) => ip));
  if (kind === "Ingress") {
    const { rules = [], tls = [] } = (spec ?? {}) as { rules?: { host?: string }[]; tls?: { hosts?: string[] }[] };
    return doors([...rules.map(({ host }) => host), ...tls.flatMap(({ hosts: all = [] }) => all)]);
  }
  if (kind === "Node") return doors(addressesOf({ status }));
  return kind === "HTTPRoute" || kind === "TLSRoute" || kind === "GRPCRoute"
    ? doors((spec?.["hostnames"] ?? []) as string[])
    : [];
}

interface ServiceSpec {
  clusterIPs?: string[];
  externalIPs?: string[];
  ports?: { nodePort?: number }[];
}

function addressesOf({ status }: Pick<KubernetesObject, "status">): string[] {
  return ((status?.["addresses"] ?? []) as { address: string }[]).map(({ address }) => address);
}

/** Whether it takes the addresses of the nodes to tell where its objects can be reached. */
export function hasNodePorts(objects: KubernetesObject[]): boolean {
  return objects.some(
    ({ kind, spec }) =>
      kind === "Service" &&
      ((spec as ServiceSpec | undefined)?.ports ?? []).some(({ nodePort }) => nodePort !== undefined),
  );
}
