import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Survey } from "./survey.ts";

/** Things that a recovery needs, and that lie in the namespace, or are reached through it: they would be lost with it. */
export function reachedThrough(
  namespace: string,
  { objects, gitops, stores }: Pick<Survey, "objects" | "gitops" | "stores">,
): string[] {
  const names = objects.flatMap((object) => namesOf(object, namespace));
  const isWithin = (url: string) => names.some((name) => isNamed(hostOf(url), name));
  const sources = gitops
    .filter(({ metadata }) => metadata.namespace !== namespace)
    .filter((object) => urlsOf(object).some(isWithin))
    .map(({ kind, metadata }) => `what ${kind} ${metadata.namespace}/${metadata.name} reads from`);
  const backups = stores
    .filter((store) => store.namespace === namespace || store.urls.some(isWithin))
    .map(({ name }) => `the backups of ${name}`);
  return [...sources, ...backups];
}

/** What of a cluster answers for an address, such as "Service minio/minio"; undefined where nothing does. */
export function answering(url: string, objects: KubernetesObject[]): string | undefined {
  const host = hostOf(url);
  const found = objects.find((object) =>
    namesOf(object, object.metadata.namespace ?? "").some((name) => isNamed(host, name)),
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

/** Of a URL, of "git@forge.lan:apps.git", and of "minio.forge.svc:9000". */
function hostOf(url: string): string {
  const [, host = ""] = /^(?:[\w+.-]+:\/\/)?(?:[^@/]*@)?([^:/]*)/.exec(url.trim()) ?? [];
  return host.toLowerCase().replace(/\.$/, "");
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

/** The hosts that an object of the namespace, or a node, answers for. */
function namesOf({ kind, metadata, spec, status }: KubernetesObject, namespace: string): string[] {
  if (kind === "Service") {
    const { clusterIPs = [], externalIPs = [] } = (spec ?? {}) as { clusterIPs?: string[]; externalIPs?: string[] };
    const { ingress = [] } = (status?.["loadBalancer"] ?? {}) as { ingress?: { ip?: string; hostname?: string }[] };
    const addresses = [...clusterIPs, ...externalIPs, ...ingress.flatMap(({ ip, hostname }) => [ip, hostname])];
    const own = `${metadata.name}.${namespace}`;
    return [own, `${own}.svc*`, ...addresses.filter((one) => one !== undefined && one !== "None")] as string[];
  }
  if (kind === "Ingress") {
    const { rules = [], tls = [] } = (spec ?? {}) as { rules?: { host?: string }[]; tls?: { hosts?: string[] }[] };
    const hosts = [...rules.map(({ host }) => host), ...tls.flatMap(({ hosts: all = [] }) => all)];
    return hosts.filter((host) => host !== undefined && host !== "").map((host) => host!.toLowerCase());
  }
  if (kind === "Node") {
    const { addresses = [] } = (status ?? {}) as { addresses?: { address: string }[] };
    return addresses.map(({ address }) => address);
  }
  return kind === "HTTPRoute" || kind === "TLSRoute" || kind === "GRPCRoute"
    ? ((spec?.["hostnames"] ?? []) as string[])
    : [];
}
