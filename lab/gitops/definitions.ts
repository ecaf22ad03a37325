import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { applyManifests, kubectl } from "../cluster/kubectl.ts";
import type { Layout } from "../cluster/layout.ts";
import type { Built } from "../go-programs.ts";

/** Adds the custom resource definitions that came with a program; returns when objects of them can be made. */
export async function applyDefinitions(
  layout: Layout,
  built: Pick<Built, "kubernetes">,
  program: string,
): Promise<void> {
  const directory = join(program, "definitions");
  const files = (await readdir(directory)).filter((name) => name.endsWith(".yaml") && name !== "kustomization.yaml");
  const texts = await Promise.all(files.map((name) => readFile(join(directory, name), "utf8")));
  await applyManifests(layout, built, texts.join("\n---\n"));
  const established = ["wait", "--for=condition=Established", "crd", "--all", "--timeout=30s"];
  const { ok, output } = await kubectl(layout, built, ...established);
  if (!ok) throw new Error(`the definitions of ${directory} are not taken: ${output}`);
}
