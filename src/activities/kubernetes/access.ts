import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { parse, stringify } from "yaml";
import { fail } from "../../failures.ts";
import type { ClusterAccess } from "../../plan/access-schema.ts";
import { lastWords, runProgram } from "../exec.ts";
import { ssmParameter } from "./ssm.ts";

/**
 * The kubeconfig that a plan means. It holds secrets: write it for its owner only, and never log it.
 * @throws SECRET_MISSING, AUTHENTICATION_FAILED, PERMISSION_DENIED, SYSTEM_UNREACHABLE, PROGRAM_MISSING, PROGRAM_FAILED
 */
export async function kubeconfigText(access: ClusterAccess, signal?: AbortSignal): Promise<string> {
  const { kubeconfig } = access;
  if (kubeconfig === "in-cluster") return inCluster();
  if ("file" in kubeconfig) return await fromFile(kubeconfig.file);
  if ("command" in kubeconfig) return await printed(kubeconfig.command, signal);
  if ("ssm" in kubeconfig) return await ssmParameter(kubeconfig, signal);
  const { config, node, endpoint } = kubeconfig.talos;
  const where = [
    "--talosconfig",
    config,
    "--nodes",
    node,
    ...(endpoint === undefined ? [] : ["--endpoints", endpoint]),
  ];
  return await printed(["talosctl", ...where, "kubeconfig", "-", "--merge=false"], signal);
}

/** What it prints is secret, so that only its standard error is told. */
async function printed(argv: string[], signal: AbortSignal | undefined): Promise<string> {
  const { exitCode, stdout, stderr } = await runProgram({ argv, ...(signal && { signal }) });
  if (exitCode === 0 && stdout.trim() !== "") return stdout;
  const why = exitCode === 0 ? "printed nothing" : `ended with exit code ${exitCode}: ${lastWords(stderr)}`;
  throw fail("PROGRAM_FAILED", `${argv[0]}, which should print the kubeconfig, ${why}`);
}

async function fromFile(file: string): Promise<string> {
  try {
    return withAbsolutePaths(await readFile(file, "utf8"), dirname(file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw fail(
      "SECRET_MISSING",
      `the worker cannot read the kubeconfig ${file} (${code})`,
      "Put it there, and let the worker's user read it; then retry.",
    );
  }
}

type Entry = Record<string, unknown>;
interface RawConfig {
  clusters?: { cluster?: Entry }[];
  users?: { user?: Entry & { exec?: { command?: string } } }[];
}

/** A kubeconfig names files beside it, but is used from elsewhere. What is no kubeconfig is told by whoever opens it. */
function withAbsolutePaths(text: string, directory: string): string {
  let config: RawConfig | null;
  try {
    config = parse(text) as RawConfig | null;
  } catch {
    return text;
  }
  const places = [
    ...(config?.clusters ?? []).map(({ cluster }) => [cluster, "certificate-authority"] as const),
    ...(config?.users ?? []).flatMap(({ user }) =>
      ["client-certificate", "client-key", "tokenFile"].map((key) => [user, key] as const),
    ),
    // A command without a slash is looked up on the PATH.
    ...(config?.users ?? [])
      .map(({ user }) => [user?.exec as Entry | undefined, "command"] as const)
      .filter(([exec]) => String(exec?.["command"]).includes("/")),
  ];
  const relative = places.filter(([entry, key]) => typeof entry?.[key] === "string" && !isAbsolute(entry[key]));
  for (const [entry, key] of relative) entry![key] = join(directory, entry![key] as string);
  return relative.length === 0 ? text : stringify(config);
}

const account = "/var/run/secrets/kubernetes.io/serviceaccount";

function inCluster(): string {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  if (!host || !port)
    throw fail("SECRET_MISSING", "the worker runs in no pod, so that it has no kubeconfig in-cluster");
  const name = "in-cluster";
  const server = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server, "certificate-authority": `${account}/ca.crt` } }],
    users: [{ name, user: { tokenFile: `${account}/token` } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  });
}
