import { appendFile, cp, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { removeSandbox } from "../cluster/sandbox.ts";
import { commit } from "../gitops/repository.ts";
import type { Built } from "../go-programs.ts";
import { awsCredentials, buckets, gitPlace, s3Endpoint, type Services } from "../services/services.ts";
import { servicesDown, servicesUp } from "../services/services.ts";
import { type GitopsTool, stackContents } from "./contents.ts";

/**
 * A homelab in small: services that stay, and a cluster that OpenTofu and Terragrunt make and destroy, Flux or Argo CD fills from
 * git, and whose kubeconfig is in SSM. Real: both programs, their states in S3 with locks, destruction and rebuilding of a whole cluster.
 * Not real: a machine is a set of namespaces, and no provider is asked, but `hands.ts`.
 */
export interface Stage {
  services: Services;
  cluster: string;
  gitops: GitopsTool;
  /** Of the Terragrunt units `cluster` and `flux`, or `argocd`. */
  infrastructure: string;
  /** Name of the SSM parameter with the kubeconfig. */
  parameter: string;
  /** Settings by which AWS's clients and Terragrunt work here. */
  environment: Record<string, string>;
}

/** What `hands.ts` gets to know. */
export interface StageFile {
  cluster: string;
  gitops: GitopsTool;
  services: string;
  parameter: string;
}

/** How the hands shall misbehave. */
export type StackOrder =
  /** They say that the machine is deleted, and it runs on. */
  | "destroy-nothing"
  /** The machine is not deleted, and they say so. */
  | "destroy-fails"
  /** They say that there is a machine, and there is none. */
  | "apply-nothing"
  | "apply-fails"
  /** Argo CD is not told to leave alone what waits for data. */
  | "data-not-held"
  /** The kubeconfig of the machine before stays in SSM. */
  | "kubeconfig-stays";

/** Starts the services, fills the repository, and lays out the units; the cluster is not made yet. @param name of all of it */
export async function setStage(
  name: string,
  built: Pick<Built, "minio" | "tofu">,
  gitops: GitopsTool = "flux",
): Promise<Stage> {
  const services = await servicesUp(name, built);
  const infrastructure = join(services.directory, "infrastructure");
  const parameter = `/homelab/kubernetes/${name}/kubeconfig`;
  await cp(join(import.meta.dirname, "infrastructure"), infrastructure, { recursive: true });
  await rename(join(infrastructure, "gitops"), join(infrastructure, gitops));
  const file = join(infrastructure, "stage.json");
  // One at a time, also where the program that began the other one was killed.
  const alone = ["flock", join(services.directory, "hands.lock")];
  // How the worker's own Node is started is not how a provider is.
  const hands = ["env", "-u", "NODE_OPTIONS", ...alone, process.execPath, join(import.meta.dirname, "hands.ts"), file];
  const { region, accessKeyId, secretAccessKey } = awsCredentials;
  const state = {
    bucket: buckets.states,
    region,
    endpoints: { s3: s3Endpoint(services) },
    use_path_style: true,
    skip_credentials_validation: true,
    skip_region_validation: true,
    skip_requesting_account_id: true,
    skip_metadata_api_check: true,
    skip_s3_checksum: true,
  };
  const stage: StageFile = { cluster: name, gitops, services: name, parameter };
  await writeFile(file, JSON.stringify({ ...stage, hands, state, tofu: join(built.tofu, "tofu") }));
  await commit(gitPlace(services), "homelab", stackContents(services, gitops), "the homelab");
  // Terragrunt does not understand the warning about a file that is named and not there.
  const noFile = join(services.directory, "tofu.rc");
  await writeFile(noFile, "");
  const environment = {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: region,
    TF_CLI_CONFIG_FILE: noFile,
  };
  return { services, cluster: name, gitops, infrastructure, parameter, environment };
}

/** Removes the cluster, whoever made it, and the services. */
export async function strikeStage(name: string): Promise<void> {
  await removeSandbox(name);
  await servicesDown(name);
}

/** As a person would do it by hand. @throws with the end of what Terragrunt printed */
export async function runStack(
  { infrastructure, environment }: Stage,
  built: Pick<Built, "terragrunt">,
  action: "apply" | "destroy",
): Promise<void> {
  const all = ["run", "--all", "--non-interactive", "--no-color", "--working-dir", infrastructure];
  const program = join(built.terragrunt, "terragrunt");
  const { exitCode, all: output } = await execa(program, [...all, "--", action, "-input=false"], {
    env: environment,
    all: true,
    reject: false,
    stdin: "ignore",
  });
  if (exitCode !== 0) throw new Error(`terragrunt ${action}: ${output.split("\n").slice(-30).join("\n")}`);
}

/** Replaces what was ordered before. */
export async function orderStack({ services }: Stage, orders: StackOrder[]): Promise<void> {
  await writeFile(stackOrders(services), JSON.stringify(orders));
}

export async function readStackOrders(services: Services): Promise<StackOrder[]> {
  const text = await readFile(stackOrders(services), "utf8").catch(() => "[]");
  return JSON.parse(text) as StackOrder[];
}

const stackOrders = ({ directory }: Services) => join(directory, "stack-orders.json");
const effectsFile = ({ directory }: Services) => join(directory, "effects.log");

/** Notes that something was begun or done to the world: a test counts how often. */
export async function noteEffect(services: Services, effect: string): Promise<void> {
  await appendFile(effectsFile(services), `${new Date().toISOString()} ${effect}\n`);
}

/** `machine-create begins`, `machine-create ends` and so on, in their order. */
export async function effects({ services }: Stage): Promise<string[]> {
  const text = await readFile(effectsFile(services), "utf8").catch(() => "");
  return text.split("\n").flatMap((line) => (line === "" ? [] : [line.slice(line.indexOf(" ") + 1)]));
}
