import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { applyManifests, kubectl, waitUntil } from "../cluster/kubectl.ts";
import type { Layout } from "../cluster/layout.ts";
import type { Built } from "../go-programs.ts";

/**
 * Adds the custom resource definitions that came with a program; returns when objects of them can be made.
 * @param only files of these names
 */
export async function applyDefinitions(
  layout: Layout,
  built: Pick<Built, "kubernetes">,
  program: string,
  only?: string[],
): Promise<void> {
  const directory = join(program, "definitions");
  const all = (await readdir(directory)).filter((name) => name.endsWith(".yaml") && name !== "kustomization.yaml");
  const names = only ?? all;
  const files = names.map((name) => join(directory, name));
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  await applyManifests(layout, built, texts.join("\n---\n"));
  const established = [
    "wait",
    "--for=condition=Established",
    "--timeout=1s",
    ...files.map((file) => `--filename=${file}`),
  ];
  // kubectl gives up at once on one that has no condition yet.
  const isTaken = async () => (await kubectl(layout, built, ...established)).ok;
  await waitUntil(`the definitions of ${directory} are taken`, 120_000, isTaken);
}
