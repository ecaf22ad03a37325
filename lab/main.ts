import { dirname } from "node:path";
import { Argument, Command } from "commander";
import { execa } from "execa";
import { describeFailure } from "../src/failures.ts";
import { ensureCluster } from "./cluster/ensure.ts";
import { removeSandbox, findSandbox, within } from "./cluster/sandbox.ts";
import { clusters } from "./cluster/status.ts";
import { clusterUp } from "./cluster/up.ts";
import { ensureGoPrograms } from "./go-programs.ts";
import { s3Endpoint, ssmEndpoint } from "./services/services.ts";
import { runStack, setStage, strikeStage } from "./stack/stage.ts";
import { terminalTalk } from "./terminal.ts";

/** `npm run lab`: Kubernetes clusters on this machine, without Docker. */

const name = () =>
  new Argument("[name]", "lower-case letters, digits and dashes").default("lab").argParser(clusterName);

function clusterName(text: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,19}$/.test(text)) return text;
  throw new Error(`${text} is no name of a cluster: use at most 20 lower-case letters, digits and dashes`);
}

async function up(cluster: string): Promise<void> {
  const built = await ensureCluster(terminalTalk());
  const startedAt = performance.now();
  const seconds = () => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
  const { layout } = await clusterUp(cluster, built, (line) => console.log(`${seconds().padStart(7)}  ${line}`));
  console.log(`${cluster} is up. To use it:\n  export KUBECONFIG=${layout.kubeconfig} PATH=${built.kubernetes}:$PATH`);
}

async function homelabUp(homelab: string): Promise<void> {
  const built = await ensureCluster(terminalTalk());
  const stage = await setStage(homelab, built);
  await runStack(stage, built, "apply");
  const settings = Object.entries(stage.environment).map(([key, value]) => `${key}=${value}`);
  console.log(`${homelab} is up; Flux goes on. To destroy the cluster, and to make it again:
  export ${settings.join(" ")} PATH=${built.kubernetes}:${built.terragrunt}:${built.tofu}:$PATH
  terragrunt run --all --non-interactive --working-dir ${stage.infrastructure} -- destroy
  terragrunt run --all --non-interactive --working-dir ${stage.infrastructure} -- apply
Its kubeconfig is the SSM parameter ${stage.parameter} at ${ssmEndpoint(stage.services)}, backups are at ${s3Endpoint(stage.services)}.`);
}

async function homelabDown(homelab: string): Promise<void> {
  await strikeStage(homelab);
  console.log(`${homelab} is gone, and the services with all backups.`);
}

async function down(cluster: string): Promise<void> {
  await removeSandbox(cluster);
  console.log(`${cluster} is gone.`);
}

async function status(options: { json?: boolean }): Promise<void> {
  const all = await clusters();
  if (options.json === true) return console.log(JSON.stringify(all, null, 2));
  if (all.length === 0) console.log("There is no cluster. Make one: npm run lab up");
  for (const { name: cluster, running, kubeconfig, dead } of all) {
    const state = running ? `runs, KUBECONFIG=${kubeconfig}` : "has died; remove it: npm run lab down";
    console.log(`${cluster}  ${state}${dead.length === 0 ? "" : `; ended: ${dead.join(", ")}`}`);
  }
}

async function shell(cluster: string): Promise<void> {
  const sandbox = await findSandbox(cluster);
  if (sandbox === undefined) throw new Error(`there is no cluster ${cluster}: npm run lab up ${cluster}`);
  const { kubernetes } = await ensureGoPrograms(["kubernetes"], terminalTalk());
  const env = {
    KUBECONFIG: sandbox.layout.kubeconfig,
    PATH: `${kubernetes}:${process.env["PATH"]}`,
    PS1: `${cluster}# `,
  };
  const command = within(sandbox, [process.env["SHELL"] ?? "sh"]);
  await execa(...command, { stdio: "inherit", env, cwd: dirname(sandbox.layout.kubeconfig), reject: false });
}

const program = new Command("npm run lab").description("Kubernetes clusters on this machine, without Docker.");
program.command("up").description("start a cluster, or say where it runs").addArgument(name()).action(up);
program.command("down").description("end a cluster and remove all of it").addArgument(name()).action(down);
program.command("status").description("the clusters of this machine").option("--json", "for programs").action(status);
const homelab = program
  .command("homelab")
  .description("a cluster by Terragrunt, with MinIO, SSM and git outside of it");
homelab.command("up").description("make all of it").addArgument(name()).action(homelabUp);
homelab.command("down").description("remove all of it").addArgument(name()).action(homelabDown);
program.command("shell").description("a shell on the node of a cluster").addArgument(name()).action(shell);

try {
  await program.parseAsync();
} catch (error) {
  const { type, message, hint } = describeFailure(error);
  console.error(`error: ${message}${type === "UNEXPECTED" ? "" : `\nhint: ${hint}`}`);
  process.exitCode = 1;
}
