import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { applyManifests } from "../cluster/kubectl.ts";
import type { Layout } from "../cluster/layout.ts";
import { type Sandbox, startWithin } from "../cluster/sandbox.ts";
import type { Built } from "../go-programs.ts";

/** What the stand-in for Infisical has. */
export interface SecretStore {
  secrets: Record<string, string>;
  /** It refuses, and says this: `401 unauthorized`. */
  failure?: string;
}

/** Fills the secret store of a cluster, or makes it refuse; the operator sees it within a second. */
export async function writeSecretStore(layout: Layout, store: SecretStore): Promise<void> {
  const file = storeOf(layout);
  // Never read half written.
  await writeFile(`${file}.new`, JSON.stringify(store), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

export async function startInfisicalOperator(sandbox: Sandbox, built: Built): Promise<void> {
  const { layout } = sandbox;
  await writeSecretStore(layout, { secrets: {} });
  await applyManifests(layout, built, await readFile(join(import.meta.dirname, "infisical-crd.yaml"), "utf8"));
  const program = join(import.meta.dirname, "infisical-operator.ts");
  const argv = [process.execPath, program, layout.kubeconfig, storeOf(layout)];
  await startWithin(sandbox, "infisical-operator", argv);
}

function storeOf({ directory }: Layout): string {
  return join(directory, "secret-store.json");
}
