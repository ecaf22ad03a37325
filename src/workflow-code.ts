import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleOption } from "@temporalio/worker";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "./activities/files.ts";

/**
 * The workflows, bundled. The package brings the bundle with it. A clone bundles its sources, which takes a second or
 * two, and keeps the result: a worker that starts after a crash should go on at once.
 * @param cache directory for bundles of sources
 */
export async function workflowCode(cache: string): Promise<WorkflowBundleOption> {
  const packed = join(import.meta.dirname, "workflow-bundle.js");
  if (existsSync(packed)) return { codePath: packed };
  const codePath = join(cache, `workflows-${await hashSources()}.js`);
  if (!existsSync(codePath)) {
    const workflowsPath = join(import.meta.dirname, "workflows", "index.ts");
    const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger("WARN") });
    await writeAtomically(codePath, code);
  }
  return { codePath };
}

/** Any change of our sources, or of the versions of what they use, makes another bundle. */
async function hashSources(): Promise<string> {
  const entries = await readdir(import.meta.dirname, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash("sha256");
  for (const file of [...files, join(import.meta.dirname, "..", "package-lock.json")].sort())
    hash.update(file).update(await readFile(file));
  return hash.digest("hex").slice(0, 16);
}
