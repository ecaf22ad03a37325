import { readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";

/**
 * deploy/orchestrator as a part of the layer infrastructure-configs. Real: its manifests, its rights, the Job, its pod, and what
 * runs in it: `firedrill restore-volumes`. Not real: there is no image of Firedrill, so that the pod sees this machine's Node and
 * this repository by hostPath.
 */
export interface Orchestrator {
  volumes: { claim: string; volume: string; backup?: string }[];
  /** What ConfigMap cluster-config says. */
  skip?: boolean;
  /** Of its configuration; 30 s otherwise. */
  standstill?: string;
  /** Instead of `restore-volumes --from …`. */
  args?: string[];
}

const root = join(import.meta.dirname, "..", "..");
const folder = "infrastructure-configs/restore-volumes";

/** Files by path, to stand beside those of `stackContents`. */
export function orchestratorContents(wanted: Orchestrator): Record<string, string> {
  const { volumes, skip = false, standstill = "30s", args } = wanted;
  const read = (name: string) => readFileSync(join(root, "deploy", "orchestrator", name), "utf8");
  const patches = [{ target: { kind: "Job", name: "restore-volumes" }, patch: stringify(onThisMachine(args)) }];
  const config = { access: { kubeconfig: "in-cluster" }, within: "4m", standstill, volumes };
  const flag = { name: "cluster-config", namespace: "flux-system" };
  return {
    [`${folder}/rbac.yaml`]: read("rbac.yaml"),
    [`${folder}/job.yaml`]: read("job.yaml"),
    [`${folder}/volumes.yaml`]: stringify(config),
    [`${folder}/kustomization.yaml`]: `${read("kustomization.yaml")}${stringify({ patches })}`,
    "infrastructure-configs/cluster-config.yaml": stringify({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: flag,
      data: { skip_backup_restore: String(skip) },
    }),
  };
}

/** A strategic merge patch of the Job. */
function onThisMachine(args: string[] | undefined): object {
  const all = ["/usr", "/lib", "/lib64", root, realpathSync(join(root, "node_modules")), dirname(process.execPath)];
  const paths = all.filter((path, n) => !all.some((other, m) => m !== n && path.startsWith(`${other}/`)));
  const nameOf = (path: string) => `host${path.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase()}`;
  const container = {
    name: "restore-volumes",
    image: "localhost/busybox:1",
    command: [process.execPath, join(root, "src", "cli", "main.ts")],
    ...(args && { args }),
    volumeMounts: paths.map((path) => ({ name: nameOf(path), mountPath: path, readOnly: true })),
  };
  const volumes = paths.map((path) => ({ name: nameOf(path), hostPath: { path } }));
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "restore-volumes", namespace: "longhorn-system" },
    // Nothing is tried again: whatever happens shows at once.
    spec: { backoffLimit: 0, template: { spec: { containers: [container], volumes } } },
  };
}
