import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DeleteParameterCommand, ParameterNotFound, PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { exists } from "../../src/activities/files.ts";
import { applyManifests } from "../cluster/kubectl.ts";
import { layoutOf } from "../cluster/layout.ts";
import { findSandbox, removeSandbox, type Sandbox } from "../cluster/sandbox.ts";
import { clusterUp } from "../cluster/up.ts";
import { repositoryUrl } from "../gitops/repository.ts";
import { ensureGoPrograms } from "../go-programs.ts";
import { goModules, type GoModuleName } from "../go-table.ts";
import { startLonghorn } from "../longhorn/install.ts";
import { awsCredentials, findServices, gitPlace, ordersFile, ssmEndpoint } from "../services/services.ts";
import { terminalTalk } from "../terminal.ts";
import { argoCdBootstrap } from "./argocd.ts";
import { fluxBootstrap } from "./contents.ts";
import { noteEffect, readStackOrders, type StackOrder, type StageFile } from "./stage.ts";

/**
 * What a provider of OpenTofu would do, called by the provisioners of `infrastructure/`. An action that is done already is done.
 * Started as `node hands.ts STAGE-FILE ACTION`.
 */
const [file = "", action = ""] = process.argv.slice(2);
const stage = JSON.parse(await readFile(file, "utf8")) as StageFile;
const services = await findServices(stage.services);
if (services === undefined) throw new Error(`the services of ${stage.services} do not run`);
const orders = await readStackOrders(services);
const built = await ensureGoPrograms(Object.keys(goModules) as GoModuleName[], terminalTalk());

const isOrdered = (order: StackOrder) => orders.includes(order);

async function machine(): Promise<Sandbox> {
  const found = await findSandbox(stage.cluster);
  if (found === undefined) throw new Error(`there is no machine ${stage.cluster}`);
  return found;
}

/** Goes with the machine. */
function readyFile(): string {
  return join(layoutOf(stage.cluster, 0).directory, "machine-ready");
}

async function createMachine(): Promise<void> {
  if (isOrdered("apply-fails")) throw new Error("the machine cannot be created: quota exceeded");
  if (isOrdered("apply-nothing")) return;
  // Whoever began it was killed before it was whole.
  if (!(await exists(readyFile()))) await removeSandbox(stage.cluster);
  if ((await findSandbox(stage.cluster)) !== undefined) return;
  const sandbox = await clusterUp(stage.cluster, built, (line) => console.log(line));
  await startLonghorn(sandbox, ordersFile(services!));
  await writeFile(readyFile(), "");
}

async function deleteMachine(): Promise<void> {
  if (isOrdered("destroy-fails")) throw new Error("the machine cannot be deleted: it is locked");
  if (!isOrdered("destroy-nothing")) await removeSandbox(stage.cluster);
}

async function withSsm(work: (ssm: SSMClient) => Promise<unknown>): Promise<void> {
  const { region, ...credentials } = awsCredentials;
  const ssm = new SSMClient({ region, endpoint: ssmEndpoint(services!), credentials });
  await work(ssm).finally(() => ssm.destroy());
}

async function createKubeconfig(): Promise<void> {
  if (isOrdered("kubeconfig-stays") || isOrdered("apply-nothing")) return;
  const Value = await readFile((await machine()).layout.kubeconfig, "utf8");
  const secret = { Type: "SecureString", Tier: "Advanced", Overwrite: true } as const;
  await withSsm(async (ssm) => await ssm.send(new PutParameterCommand({ Name: stage.parameter, Value, ...secret })));
}

async function deleteKubeconfig(): Promise<void> {
  if (isOrdered("kubeconfig-stays")) return;
  await withSsm(async (ssm) => {
    await ssm.send(new DeleteParameterCommand({ Name: stage.parameter })).catch((error: unknown) => {
      if (!(error instanceof ParameterNotFound)) throw error;
    });
  });
}

/** Both run in the cluster: the one that is told of the repository fills it. */
async function bootstrap(manifests: (repository: string) => string): Promise<void> {
  if (isOrdered("apply-nothing")) return;
  const repository = repositoryUrl(gitPlace(services!), "homelab");
  await applyManifests((await machine()).layout, built, manifests(repository));
}

const actions: Record<string, () => Promise<void>> = {
  "machine-create": createMachine,
  "machine-delete": deleteMachine,
  "kubeconfig-create": createKubeconfig,
  "kubeconfig-delete": deleteKubeconfig,
  "flux-create": async () => await bootstrap(fluxBootstrap),
  "argocd-create": async () =>
    await bootstrap((repository) => argoCdBootstrap(repository, !isOrdered("data-not-held"))),
};

// Whoever calls may keep all to himself; in a machine others must be able to read.
process.umask(0o022);
await noteEffect(services, `${action} begins`);
await actions[action]!();
await noteEffect(services, `${action} ends`);
