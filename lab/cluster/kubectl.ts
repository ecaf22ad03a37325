import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import type { Built } from "../go-programs.ts";
import type { Layout } from "./layout.ts";

export interface Answer {
  ok: boolean;
  output: string;
}

/** Asks a cluster as its administrator; a refusal is an answer too. */
export async function kubectl(layout: Layout, built: Pick<Built, "kubernetes">, ...args: string[]): Promise<Answer> {
  return await speak(layout, built, args, undefined);
}

/** Makes objects what the manifests say. @throws what the API server says */
export async function applyManifests(
  layout: Layout,
  built: Pick<Built, "kubernetes">,
  manifests: string,
): Promise<void> {
  const args = ["apply", "--server-side", "--force-conflicts", "-f", "-"];
  const { ok, output } = await speak(layout, built, args, manifests);
  if (!ok) throw new Error(`kubectl apply: ${output}`);
}

async function speak(layout: Layout, built: Pick<Built, "kubernetes">, args: string[], input: string | undefined) {
  const program = join(built.kubernetes, "kubectl");
  // Its own of each cluster: kubectl keeps what a server can do by address, and the next cluster has the same one.
  const cluster = ["--kubeconfig", layout.kubeconfig, "--cache-dir", join(layout.directory, "kubectl-cache")];
  const { exitCode, all } = await execa(program, [...cluster, ...args], {
    all: true,
    reject: false,
    timeout: 180_000,
    ...(input === undefined ? { stdin: "ignore" as const } : { input }),
  });
  return { ok: exitCode === 0, output: all };
}

/** @throws when it does not hold in time */
export async function waitUntil(what: string, withinMs: number, holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; await sleep(100)) if (await holds()) return;
  throw new Error(`not within ${withinMs / 1000} s: ${what}`);
}
