import { type FileHandle, open, readFile, stat } from "node:fs/promises";
import { expect } from "vitest";
import { type Audited, auditedIn, auditLog } from "../../lab/cluster/audit.ts";
import { buckets, storeLog } from "../../lab/services/services.ts";
import type { Stored } from "../../lab/services/store-audit.ts";
import type { HomelabDrill } from "./homelab-drill.ts";

/** What the world was told to do during a drill of the homelab, by the world's own logs: each thing must have been done once. */
export interface Watch {
  /** Of the provider, in their order. */
  hands: () => Promise<string[]>;
  /** Of the cluster of before, also when it is gone. */
  old: () => Promise<Audited[]>;
  /** Of the cluster that came after it; nothing while there is none. */
  now: () => Promise<Audited[]>;
  /** What was written to the store of the backups, or deleted there. */
  stored: () => Promise<Stored[]>;
  close: () => Promise<void>;
}

/** Begins to count. */
export async function watchHomelab(drill: HomelabDrill): Promise<Watch> {
  const path = auditLog(await drill.layout());
  const log = await open(path);
  const { size: begun, ino } = await log.stat();
  const [done, puts] = [(await drill.effects()).length, (await storedIn(drill)).length];
  return {
    hands: async () => (await drill.effects()).slice(done),
    old: async () => auditedIn(await restOf(log, begun)),
    now: async () => {
      const isNew = await stat(path).then(
        (found) => found.ino !== ino,
        () => false,
      );
      return isNew ? auditedIn(await readFile(path, "utf8")) : [];
    },
    stored: async () => (await storedIn(drill)).slice(puts),
    close: async () => await log.close(),
  };
}

async function restOf(log: FileHandle, from: number): Promise<string> {
  const length = (await log.stat()).size - from;
  const { buffer } = await log.read(Buffer.alloc(length), 0, length, from);
  return buffer.toString("utf8");
}

async function storedIn({ stage }: HomelabDrill): Promise<Stored[]> {
  const text = await readFile(storeLog(stage.services), "utf8").catch(() => "");
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Stored).filter(({ bucket }) => bucket === buckets.backups);
}

/** Names of what somebody had made, or deleted, in their order. */
const told = (all: Audited[], verb: string, resource: string, user = /^/) =>
  all
    .filter((one) => one.verb === verb && one.resource === resource && one.status < 300 && user.test(one.user))
    .map(({ name }) => name);

/** @param volumes how many the plan has */
export async function nothingTwice({ hands, old, now, stored }: Watch, volumes: number): Promise<void> {
  const actions = ["kubeconfig-delete", "machine-delete", "machine-create", "kubeconfig-create", "flux-create"];
  expect(await hands()).toEqual(actions.flatMap((action) => [`${action} begins`, `${action} ends`]));
  const [before, after] = [await old(), await now()];
  const ours = /^firedrill/;
  for (const resource of ["snapshots", "backups"])
    expect(told(before, "create", resource, ours), `${resource} that were made`).toHaveLength(volumes);
  for (const resource of ["volumes", "persistentvolumes", "persistentvolumeclaims"]) {
    const made = told(after, "create", resource);
    expect(new Set(made), `${resource} that were made anew`).toEqual(new Set(told(after, "create", resource, ours)));
    expect(made).toHaveLength(volumes);
    expect(new Set(made).size).toBe(volumes);
  }
  expect([...before, ...after].filter(({ verb, status }) => verb !== "create" && status < 300)).toEqual([]);
  const all = await stored();
  const puts = all.filter(({ name }) => name === "PutObject").map(({ object }) => object);
  const configs = puts.filter((object) => /\/backup_[^/]+\.cfg$/.test(object));
  expect(configs.toSorted()).toEqual([...new Set(configs)].toSorted());
  expect(configs).toHaveLength(volumes);
  const blocks = puts.filter((object) => object.endsWith(".blk"));
  expect(blocks.length).toBeGreaterThan(0);
  expect(blocks.toSorted()).toEqual([...new Set(blocks)].toSorted());
  expect(all.filter(({ name }) => name.startsWith("Delete"))).toEqual([]);
}
