import { chmod, mkdtemp, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { layers } from "../../lab/stack/contents.ts";
import { effects, strikeStage } from "../../lab/stack/stage.ts";
import { awsCredentials, s3Endpoint, ssmEndpoint } from "../../lab/services/services.ts";
import { createWorkplace, type Workplace } from "./drill.ts";
import { type Homelab, openHomelab, raise } from "./stage.ts";

/** The drill of a whole homelab, as `lab/stack/` makes it: Terragrunt, Flux, Longhorn's stand-in, MinIO and SSM outside of it. */
export interface HomelabDrill extends Workplace, Homelab {
  kubectl: (...args: string[]) => Promise<string>;
  /** What the provider of machines was told to do, in its order. */
  effects: () => Promise<string[]>;
  /** Files of drills in the volumes of the cluster that is there now. */
  sentinels: () => Promise<string[]>;
}

/**
 * @param name of all that is made, which is made anew
 * @param hooked workers write an effects log and can be held
 * @param address a Temporal server of the test's own
 */
export async function createHomelabDrill(name: string, hooked = false, address?: string): Promise<HomelabDrill> {
  const lab = await openHomelab(name);
  await raise(lab);
  const directory = await mkdtemp("/tmp/fd-");
  await chmod(directory, 0o755);
  const mayDestroy = [{ infrastructure: lab.stage.infrastructure }];
  const workplace = await createWorkplace(directory, { hooked, mayDestroy, ...(address && { address }) });
  const programs = [lab.built.terragrunt, lab.built.tofu].join(":");
  const own = { ...lab.stage.environment, PATH: `${programs}:${process.env["PATH"]}` };
  return {
    ...lab,
    ...workplace,
    startWorker: (env = {}) => workplace.startWorker({ ...own, ...env }),
    ensureWorker: (env = {}) => workplace.ensureWorker({ ...own, ...env }),
    kubectl: async (...args) => (await lab.ask(...args)).output,
    effects: async () => await effects(lab.stage),
    async sentinels() {
      const { directory: of } = await lab.layout();
      const found = await readdir(join(of, "longhorn", "volumes"), { recursive: true });
      return found.filter((path) => basename(path).startsWith(".firedrill-"));
    },
    async remove() {
      await workplace.remove();
      await strikeStage(name);
    },
  };
}

/** Keys of the plan, without its components. */
export function homelabPlan({ stage }: Homelab, more: object = {}): object {
  const { region } = awsCredentials;
  const environment = Object.fromEntries(Object.keys(stage.environment).map((name) => [name, { env: name }]));
  return {
    objectives: { rto: "15m" },
    access: { kubeconfig: { ssm: stage.parameter, region, endpoint: ssmEndpoint(stage.services) } },
    infrastructure: [
      {
        name: "machines",
        kind: "terragrunt",
        mode: "all",
        directory: stage.infrastructure,
        destroys: ["*"],
        timeout: "10m",
        environment,
      },
    ],
    gitops: { kind: "flux", layers: [...layers], waitForData: ["apps"] },
    checks: [
      { kind: "exec", namespace: "dr-exercise", workload: "deployment/dr-exercise", command: ["test", "-w", "/data"] },
    ],
    ...more,
  };
}

/** The whole cluster, and its three volumes: of deploy/dr-exercise, and of the lab's shop. */
export function homelabComponents({ stage }: Homelab): object[] {
  const volume = (name: string, claim: string, workload: string) => {
    const [namespace, claimName] = claim.split("/");
    return {
      name,
      kind: "longhorn",
      namespace,
      claim: claimName,
      workload,
      sentinel: "1 MiB",
      store: {
        endpoint: s3Endpoint(stage.services),
        accessKey: { env: "AWS_ACCESS_KEY_ID" },
        secretKey: { env: "AWS_SECRET_ACCESS_KEY" },
      },
      within: "4m",
      standstill: "30s",
    };
  };
  return [
    { name: "homelab", kind: "cluster", within: "6m", standstill: "3m" },
    volume("data", "dr-exercise/data", "deployment/dr-exercise"),
    volume("pictures", "shop/pictures", "deployment/website"),
    volume("ledger", "shop/books-ledger-0", "statefulset/ledger"),
  ];
}
