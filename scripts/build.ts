import { cp, rm, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { bundleWorkflowCode, DefaultLogger } from "@temporalio/worker";
import { execa } from "execa";

/** Makes dist/, what the npm package runs: JavaScript, assets, and the workflows bundled, so that no worker waits for that. */

const root = join(import.meta.dirname, "..");
const source = join(root, "src");
const dist = join(root, "dist");

await rm(dist, { recursive: true, force: true });
await execa("tsc", ["--project", "tsconfig.build.json"], { cwd: root, preferLocal: true, stdio: "inherit" });
await cp(source, dist, { recursive: true, filter: (path) => extname(path) !== ".ts" });
const workflowsPath = join(source, "workflows", "index.ts");
const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger("WARN") });
await writeFile(join(dist, "workflow-bundle.js"), code);
