import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import type { Built } from "../go-programs.ts";
import { secondNode } from "./layout.ts";
import { nodeIsReady, startContainerd, startKubelet } from "./node.ts";
import { controlGroups, type Sandbox, within } from "./sandbox.ts";

/**
 * Adds a second node to a cluster, so that one can be drained. Real: containerd, kubelet and Node of its own, so that pods go from
 * one to the other. Not real: both are on one machine, with one network, and a volume's folder is there on both.
 * @returns its name
 */
export async function addSecondNode(sandbox: Sandbox, built: Built): Promise<string> {
  const { layout } = sandbox;
  const { name, suffix } = secondNode;
  for (const group of await controlGroups(layout.name)) await mkdir(join(group, `node${suffix}`), { recursive: true });
  const root = join(layout.directory, `kubelet${suffix}`);
  const script = [`mkdir -p ${root}`, `mount --bind ${root} ${root}`, `mount --make-rshared ${root}`];
  await execa(...within(sandbox, ["sh", "-ec", script.join("\n")]));
  await startContainerd(sandbox, secondNode);
  await startKubelet(sandbox, built, secondNode);
  await nodeIsReady(layout, built, secondNode);
  return name;
}
