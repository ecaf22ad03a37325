import { isIP } from "node:net";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { hostOf, portOf } from "../namespace/addresses.ts";

/** By which names and addresses a whole cluster answers. Of so many objects only what is sure counts. Pure. */

interface Door {
  /** "Service forge/gitea" */
  by: string;
  /** Only these; all where it is missing. */
  ports?: number[] | undefined;
}

/** By host: a name, or an IP address. */
export type Doors = Map<string, Door[]>;

export const doorKinds = ["Service", "Ingress", "HTTPRoute", "TLSRoute", "GRPCRoute", "Node"];

export function doorsOf(objects: KubernetesObject[]): Doors {
  const doors: Doors = new Map();
  for (const object of objects) {
    const { kind, metadata } = object;
    const by = `${kind} ${[metadata.namespace, metadata.name].filter(Boolean).join("/")}`;
    for (const { hosts, ports } of hostsOf(object))
      for (const host of hosts.filter((one) => one !== undefined && isSure(one)) as string[]) {
        const key = host.toLowerCase();
        doors.set(key, [...(doors.get(key) ?? []), { by, ports }]);
      }
  }
  return doors;
}

/** Every machine is localhost, and a name for all is a name for others too. */
function isSure(host: string): boolean {
  return host !== "" && host !== "None" && !isLoopback(host) && !host.startsWith("*");
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

/**
 * Who of the cluster answers for an address; undefined where nobody is known to.
 * @param resolved IP addresses by host, of those that were looked up
 */
export function behindDoor(url: string, doors: Doors, resolved: Record<string, string[]>): string | undefined {
  const asked = hostOf(url);
  const port = portOf(url);
  for (const host of [insideName(asked), ...(resolved[asked] ?? [])].filter((one) => !isLoopback(one))) {
    const door = doors
      .get(host)
      ?.find(({ ports }) => ports === undefined || port === undefined || ports.includes(port));
    if (door !== undefined) return door.by;
  }
  return undefined;
}

/** "git.forge.svc" of "git.forge.svc.cluster.local", whatever domain the cluster has. */
function insideName(host: string): string {
  return isIP(host) === 0 ? host.replace(/(?<=\.svc)\..*$/, "") : host;
}

interface Hosts {
  hosts: (string | undefined)[];
  ports?: number[];
}

function hostsOf({ kind, metadata, spec, status }: KubernetesObject): Hosts[] {
  switch (kind) {
    case "Service": {
      const { clusterIPs = [], externalIPs = [], ports = [] } = (spec ?? {}) as ServiceSpec;
      const { ingress = [] } = (status?.["loadBalancer"] ?? {}) as { ingress?: { ip?: string; hostname?: string }[] };
      const own = `${metadata.name}.${metadata.namespace}`;
      const outside = [...externalIPs, ...ingress.flatMap(({ ip, hostname }) => [ip, hostname])];
      return [{ hosts: [own, `${own}.svc`, ...clusterIPs] }, { hosts: outside, ports: ports.map(({ port }) => port) }];
    }
    case "Ingress": {
      const { rules = [] } = (spec ?? {}) as { rules?: { host?: string }[] };
      return [{ hosts: rules.map(({ host }) => host) }];
    }
    case "Node": {
      // Its outer address may be that of a router, behind which other machines are as well.
      const all = (status?.["addresses"] ?? []) as { type?: string; address: string }[];
      return [{ hosts: all.filter(({ type }) => type === "InternalIP").map(({ address }) => address) }];
    }
    default:
      return [{ hosts: (spec?.["hostnames"] ?? []) as string[] }];
  }
}

interface ServiceSpec {
  clusterIPs?: string[];
  externalIPs?: string[];
  ports?: { port: number }[];
}
