import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { pipeline } from "node:stream";
import { connect, type KubernetesObject } from "./api.ts";

/**
 * Serves the Ingresses of class `lab`. Real: status, and requests that go by host and path through the Service to a pod.
 * Not real: TLS, rewriting, and whatever annotations ask for.
 * Started as `node ingress-controller.ts KUBECONFIG ADDRESS`.
 */
const [kubeconfig = "", address = ""] = process.argv.slice(2);

interface Backend {
  service: { name: string; port: { name?: string; number?: number } };
}

interface Ingress extends KubernetesObject {
  spec: {
    ingressClassName?: string;
    rules?: { host?: string; http?: { paths: { path?: string; pathType: string; backend: Backend }[] } }[];
  };
  status?: { loadBalancer?: { ingress?: { ip?: string }[] } };
}

interface Service extends KubernetesObject {
  spec: { clusterIP: string; ports?: { name?: string; port: number }[] };
}

const api = await connect(kubeconfig);
const ingresses = new Map<string, Ingress>();
const services = new Map<string, Service>();
const keyOf = (namespace: string | undefined, name: string) => `${namespace}/${name}`;

function keep<T extends KubernetesObject>(all: Map<string, T>, object: T, gone: boolean): void {
  const key = keyOf(object.metadata.namespace, object.metadata.name);
  if (gone) all.delete(key);
  else all.set(key, object);
}

async function publish(ingress: Ingress): Promise<void> {
  if (ingress.status?.loadBalancer?.ingress?.[0]?.ip === address) return;
  const { namespace, name } = ingress.metadata;
  const path = `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses/${name}/status`;
  await api.call("PATCH", path, { status: { loadBalancer: { ingress: [{ ip: address }] } } });
}

/** Where a request goes: the longest path of a rule for its host. */
function targetOf(host: string, path: string): { host: string; port: number } | undefined {
  const matches = [...ingresses.values()].flatMap((ingress) =>
    (ingress.spec.rules ?? [])
      .filter((rule) => rule.host === undefined || rule.host === host)
      .flatMap((rule) => rule.http?.paths ?? [])
      .filter((one) => isBelow(path, one.path ?? "/", one.pathType))
      .map((one) => ({ namespace: ingress.metadata.namespace, prefix: one.path ?? "/", ...one.backend.service })),
  );
  const [best] = matches.toSorted((a, b) => b.prefix.length - a.prefix.length);
  if (best === undefined) return undefined;
  const service = services.get(keyOf(best.namespace, best.name))?.spec;
  const named = service?.ports?.find(({ name }) => name === best.port.name)?.port;
  const port = best.port.number ?? named;
  return service === undefined || port === undefined ? { host: "", port: 0 } : { host: service.clusterIP, port };
}

function isBelow(path: string, prefix: string, kind: string): boolean {
  if (kind === "Exact") return path === prefix;
  const start = prefix.replace(/\/$/, "");
  return path === start || path.startsWith(`${start}/`);
}

function serve(incoming: IncomingMessage, response: ServerResponse): void {
  const answer = (status: number, text: string) => {
    if (!response.headersSent) response.writeHead(status, { "content-type": "text/plain" });
    response.end(`${text}\n`);
  };
  const [path = "/"] = (incoming.url ?? "/").split("?");
  const target = targetOf((incoming.headers.host ?? "").replace(/:\d+$/, ""), path);
  if (target === undefined) return answer(404, "default backend - 404");
  if (target.port === 0) return answer(503, "503 Service Temporarily Unavailable");
  const { method, headers } = incoming;
  const options = { ...target, method, path: incoming.url, headers, timeout: 5_000, agent: false } as const;
  const outgoing = request(options, (answered) => {
    response.writeHead(answered.statusCode ?? 502, answered.rawHeaders);
    // A pod that dies in the middle of an answer ends the answer too.
    pipeline(answered, response, () => undefined);
  });
  outgoing.on("timeout", () => outgoing.destroy(new Error("timeout")));
  // A Service without a ready pod refuses the connection.
  outgoing.on("error", ({ message }) =>
    message === "timeout" ? answer(504, "504 Gateway Time-out") : answer(503, "503 Service Temporarily Unavailable"),
  );
  response.on("close", () => outgoing.destroy());
  incoming.pipe(outgoing);
}

async function followIngresses(): Promise<void> {
  for await (const { object, gone } of api.follow<Ingress>("/apis/networking.k8s.io/v1/ingresses")) {
    if (object.spec.ingressClassName !== "lab") continue;
    keep(ingresses, object, gone);
    if (!gone) await publish(object).catch((error: unknown) => console.error(String(error)));
  }
}

async function followServices(): Promise<void> {
  for await (const { object, gone } of api.follow<Service>("/api/v1/services")) keep(services, object, gone);
}

createServer(serve).listen(80, address);
await Promise.all([followIngresses(), followServices()]);
