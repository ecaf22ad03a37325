import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { parseAllDocuments } from "yaml";
import { createWorkplace } from "./drill.ts";
import type { AnyLonghorn } from "./longhorn-anywhere.ts";
import { createTraces, requireNoTraces } from "./longhorn-traces.ts";

/** Pinned, with all that a drill reads a volume by. */
const usualImage = "docker.io/library/busybox:1.37.0";

/** A cluster that is not the lab's, with a real Longhorn. @param text of the kubeconfig @throws where it is not as a test needs it */
export async function createForeignLonghorn(text: string, namespaces: string[]): Promise<AnyLonghorn> {
  const directory = await mkdtemp("/tmp/fd-");
  await chmod(directory, 0o755);
  const kubeconfig = join(directory, "kubeconfig");
  await writeFile(kubeconfig, text, { mode: 0o600 });
  const speak = speaker(kubeconfig);
  const kubectl = async (...args: string[]) => (await speak(args)).output;
  try {
    await requireLonghorn(kubectl);
    await requireNoTraces(kubectl);
  } catch (error) {
    await rm(directory, { recursive: true });
    throw error;
  }
  const identity = await kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}");
  const mayDestroy = namespaces.map((namespace) => ({ cluster: identity, claim: `${namespace}/data` }));
  const workplace = await createWorkplace(directory, { mayDestroy, stepWithinMs: 900_000 });
  const traces = createTraces(kubectl, namespaces);
  return {
    ...workplace,
    kubeconfig,
    identity,
    kubectl,
    async apply(manifests) {
      const { ok, output } = await speak(["apply", "--server-side", "--force-conflicts", "-f", "-"], asJson(manifests));
      if (!ok) throw new Error(`kubectl apply: ${output}`);
    },
    image: process.env["FIREDRILL_E2E_IMAGE"] ?? usualImage,
    store: storeByEnvironment(),
    patience: { within: "10m", standstill: "4m", rto: "30m" },
    slow: async () => await Promise.resolve(),
    noteVolumes: traces.note,
    async remove() {
      await workplace.killWorker();
      try {
        await traces.remove();
      } finally {
        await workplace.remove();
      }
    },
  };
}

/** Some versions of kubectl take every text that begins with a brace for JSON. */
function asJson(manifests: string): string {
  const documents = parseAllDocuments(manifests) as { toJS: () => unknown }[];
  const items = documents.map((document) => document.toJS()).filter((one) => one !== null);
  return JSON.stringify({ apiVersion: "v1", kind: "List", items });
}

/** As the worker, which has the same variables, gets to the backups. */
function storeByEnvironment(): object {
  const endpoint = process.env["FIREDRILL_E2E_STORE_ENDPOINT"];
  const keys = { accessKey: { env: "AWS_ACCESS_KEY_ID" }, secretKey: { env: "AWS_SECRET_ACCESS_KEY" } };
  return endpoint === undefined ? keys : { endpoint, ...keys };
}

/** The kubectl of the PATH. */
function speaker(kubeconfig: string) {
  return async (args: string[], input?: string) => {
    const { exitCode, stdout, all } = await execa("kubectl", ["--kubeconfig", kubeconfig, ...args], {
      all: true,
      reject: false,
      timeout: 600_000,
      ...(input === undefined ? { stdin: "ignore" as const } : { input }),
    });
    // Warnings, which somebody else's cluster may have, are no part of an answer.
    return { ok: exitCode === 0, output: exitCode === 0 ? stdout : all };
  };
}

async function requireLonghorn(kubectl: AnyLonghorn["kubectl"]): Promise<void> {
  const path = "jsonpath={.status.available}";
  const available = await kubectl("-n", "longhorn-system", "get", "backuptargets.longhorn.io", "default", "-o", path);
  if (available === "true") return;
  throw new Error(`Longhorn's backup target "default" is not available: ${available || "it has no address"}`);
}
