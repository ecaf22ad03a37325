import { lookup } from "node:dns/promises";
import type { CheckOf } from "../../plan/check-schema.ts";
import { type Around, comparingKind } from "./kind.ts";
import { sessionOf } from "./session-of.ts";

type Ingress = CheckOf<"ingress">;

/** Addresses by name: the Ingress itself, and each of its hosts in the DNS as this host asks it. */
type Addresses = Record<string, string[]>;

export const ingress = comparingKind<Ingress, Addresses>({
  title: ({ namespace, name }) => `Ingress ${namespace}/${name}`,
  before: addressesOf,
  expected: (_check, before) => `as before: ${describe(before)}`,
  async ask(check, before, around) {
    const now = await addressesOf(check, around);
    // What had no address before can be compared with nothing.
    const missing = Object.entries(before).find(([, addresses]) => addresses.length === 0);
    if (missing !== undefined) return { ok: false, found: `${missing[0]} had no address before either` };
    return { ok: describe(now) === describe(before), found: describe(now) };
  },
});

async function addressesOf({ namespace, name, dns }: Ingress, around: Around): Promise<Addresses> {
  const { cluster } = sessionOf(around);
  const object = await cluster.get(await cluster.resourceOf("networking.k8s.io/v1", "Ingress"), name, namespace);
  const { ingress: given = [] } = (object?.status?.["loadBalancer"] ?? {}) as {
    ingress?: { ip?: string; hostname?: string }[];
  };
  const addresses: Addresses = { ingress: given.flatMap(({ ip, hostname }) => ip ?? hostname ?? []).toSorted() };
  const { rules = [] } = (object?.spec ?? {}) as { rules?: { host?: string }[] };
  const hosts = [...new Set(rules.flatMap(({ host }) => host ?? []))].filter((host) => !host.startsWith("*"));
  for (const host of dns ? hosts : []) addresses[host] = await resolved(host);
  return addresses;
}

async function resolved(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOTFOUND" || error.code === "EAI_AGAIN") return [];
    throw error;
  });
  return found.map(({ address }) => address).toSorted();
}

function describe(addresses: Addresses): string {
  const one = ([name, all]: [string, string[]]) => `${name} ${all.length === 0 ? "nowhere" : all.join(" and ")}`;
  return Object.entries(addresses).map(one).join(", ");
}
