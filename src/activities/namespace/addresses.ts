import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Where an address leads, as far as the worker's own resolver knows. */

const shape = /^(?:[\w+.-]+:\/\/)?(?:[^@/]*@)?(?:\[([^\]]*)\]|([^:/]*))(?::(\d+))?/;

/** Of a URL, of "git@forge.lan:apps.git", and of "minio.forge.svc:9000". */
export function hostOf(url: string): string {
  const [, bracketed, plain = ""] = shape.exec(url.trim()) ?? [];
  return (bracketed ?? plain).toLowerCase().replace(/\.$/, "");
}

/** Undefined where the address does not say it. */
export function portOf(url: string): number | undefined {
  const port = shape.exec(url.trim())?.[3];
  return port === undefined ? undefined : Number(port);
}

/** A name that nobody answers for must not hold up a survey. */
const patienceMs = 2_000;

/** IP addresses by host: none of a name that cannot be resolved from here. */
export async function resolveAll(urls: string[]): Promise<Record<string, string[]>> {
  const hosts = [...new Set(urls.map(hostOf))].filter((host) => host !== "");
  return Object.fromEntries(await Promise.all(hosts.map(async (host) => [host, await resolve(host)] as const)));
}

async function resolve(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  const answers = lookup(host, { all: true }).then(
    (all) => all.map(({ address }) => address),
    () => [],
  );
  return await Promise.race([answers, sleep(patienceMs, [], { ref: false })]);
}
