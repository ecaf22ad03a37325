import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { execa } from "execa";
import { identify, isAlive, type ProcessIdentity } from "../../src/activities/process-identity.ts";
import { exists } from "../../src/activities/files.ts";
import { waitUntil } from "../cluster/kubectl.ts";
import type { Built } from "../go-programs.ts";
import type { BackupPlace } from "../longhorn/install.ts";

/**
 * What has to outlive a cluster: a store for backups (MinIO), a store for secrets (a stand-in of AWS SSM) and a git server; and
 * what MinIO tells of all that is asked of it. They run on this machine, outside of every cluster, at an address of their own that clusters reach and nothing else.
 */
export interface Services {
  name: string;
  /** All that they write lies below. */
  directory: string;
  address: string;
  processes: Record<string, ProcessIdentity>;
}

const ports = { minio: 9000, ssm: 4583, git: 8080, audit: 9080 };

/** Both for S3 and for SSM; nothing else is accepted. */
export const awsCredentials = { accessKeyId: "lab", secretAccessKey: "lab-secret-key", region: "us-east-1" };

/** Of the store: Longhorn's backups, and the states of the infrastructure. */
export const buckets = { backups: "backups", states: "states" };

export const s3Endpoint = ({ address }: Services) => `http://${address}:${ports.minio}`;
export const ssmEndpoint = ({ address }: Services) => `http://${address}:${ports.ssm}`;

export function backupPlace(services: Services): BackupPlace {
  return {
    url: `s3://${buckets.backups}@${awsCredentials.region}/`,
    endpoint: s3Endpoint(services),
    accessKey: awsCredentials.accessKeyId,
    secretKey: awsCredentials.secretAccessKey,
  };
}

/** For `commit` and `repositoryUrl`. */
export function gitPlace({ directory, address }: Services): { directory: string; nodeAddress: string } {
  return { directory, nodeAddress: address };
}

/** What Longhorn's stand-in is told to do wrong; see `writeOrders`. */
export function ordersFile({ directory }: Services): string {
  return join(directory, "longhorn-orders.json");
}

/** A line for each request that MinIO has answered; see `store-audit.ts`. */
export function storeLog({ directory }: Pick<Services, "directory">): string {
  return join(directory, "store-audit.jsonl");
}

const directoryOf = (name: string) => join(tmpdir(), "firedrill-services", name);

/** Starts them, or returns those by that name that run already. @throws when no address is free, or one does not answer */
export async function servicesUp(name: string, built: Pick<Built, "minio">): Promise<Services> {
  const running = await findServices(name);
  if (running !== undefined) return running;
  await servicesDown(name);
  const directory = directoryOf(name);
  await mkdir(join(directory, "git"), { recursive: true });
  const services: Services = { name, directory, address: await takeAddress(), processes: {} };
  const write = async () => await writeFile(join(directory, "services.json"), JSON.stringify(services));
  // Known before anything runs, so that what is half there can be taken down.
  await write();
  for (const one of ["audit", "minio", "ssm", "git"] as const) await start(services, one, built);
  await write();
  await untilAllAnswer(services);
  await makeBuckets(services);
  return services;
}

async function untilAllAnswer(services: Services): Promise<void> {
  const urls = [
    `${s3Endpoint(services)}/minio/health/ready`,
    ssmEndpoint(services),
    `http://${services.address}:${ports.git}`,
  ];
  await waitUntil("MinIO, SSM and git answer", 30_000, async () => {
    const answers = await Promise.allSettled(urls.map(async (url) => await fetch(url)));
    return answers.every((answer) => answer.status === "fulfilled") && (answers[0] as { value: Response }).value.ok;
  });
}

/** Those by that name; undefined where there are none, or where one has died. */
export async function findServices(name: string): Promise<Services | undefined> {
  const file = join(directoryOf(name), "services.json");
  if (!(await exists(file))) return undefined;
  const services = JSON.parse(await readFile(file, "utf8")) as Services;
  const alive = await Promise.all(Object.values(services.processes).map(isAlive));
  return alive.length === Object.keys(ports).length && alive.every(Boolean) ? services : undefined;
}

/** Ends them and removes all that they hold. Also what is left of ones that have died. */
export async function servicesDown(name: string): Promise<void> {
  const directory = directoryOf(name);
  const file = join(directory, "services.json");
  if (await exists(file)) {
    const { processes, address } = JSON.parse(await readFile(file, "utf8")) as Services;
    for (const one of Object.values(processes)) await end(one);
    await execa("ip", ["address", "delete", `${address}/32`, "dev", "lo"], { reject: false });
  }
  await rm(directory, { recursive: true, force: true });
}

/** For tests in which a service is away for a while. It keeps its data. */
export async function stopService(services: Services, name: keyof typeof ports): Promise<void> {
  await end(services.processes[name]!);
}

/** One that was stopped, with the data that it had. */
export async function startService(
  services: Services,
  name: keyof typeof ports,
  built: Pick<Built, "minio">,
): Promise<void> {
  await start(services, name, built);
  await writeFile(join(services.directory, "services.json"), JSON.stringify(services));
  await untilAllAnswer(services);
}

async function end(one: ProcessIdentity): Promise<void> {
  if (await isAlive(one)) process.kill(one.pid, "SIGKILL");
  while (await isAlive(one)) await sleep(20);
}

function commandOf({ directory, address }: Services, name: keyof typeof ports, built: Pick<Built, "minio">) {
  const node = (file: string, ...args: string[]) => [process.execPath, join(import.meta.dirname, file), ...args];
  const at = [address, String(ports[name])];
  if (name === "ssm") return { argv: node("ssm-server.ts", join(directory, "ssm.json"), ...at), env: {} };
  if (name === "audit") return { argv: node("store-audit.ts", storeLog({ directory }), ...at), env: {} };
  if (name === "git") return { argv: node("../gitops/git-server.ts", join(directory, "git"), ...at), env: {} };
  const user = { MINIO_ROOT_USER: awsCredentials.accessKeyId, MINIO_ROOT_PASSWORD: awsCredentials.secretAccessKey };
  const argv = [join(built.minio, "minio"), "server", "--quiet", "--address", at.join(":"), join(directory, "minio")];
  const told = {
    MINIO_AUDIT_WEBHOOK_ENABLE_LAB: "on",
    MINIO_AUDIT_WEBHOOK_ENDPOINT_LAB: `http://${address}:${ports.audit}`,
  };
  return { argv, env: { ...user, ...told, MINIO_BROWSER: "off" } };
}

async function start(services: Services, name: keyof typeof ports, built: Pick<Built, "minio">): Promise<void> {
  const { argv, env } = commandOf(services, name, built);
  const log = openSync(join(services.directory, `${name}.log`), "a", 0o600);
  const [file = "", ...args] = argv;
  const settings = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  const child = spawn("env", [...settings, file, ...args], { detached: true, stdio: ["ignore", log, log], cwd: "/" });
  await once(child, "spawn");
  child.unref();
  closeSync(log);
  const identity = await identify(child.pid!);
  if (identity === undefined) throw new Error(`${name} ended at once: see ${name}.log in ${services.directory}`);
  services.processes[name] = identity;
}

/** On the loopback device, where nothing outside of this machine gets to. The kernel refuses one that is there. */
async function takeAddress(): Promise<string> {
  for (let slot = 1; slot <= 40; slot += 1) {
    const address = `10.198.${slot}.1`;
    const { exitCode, stderr } = await execa("ip", ["address", "add", `${address}/32`, "dev", "lo"], { reject: false });
    if (exitCode === 0) return address;
    if (!/File exists|already assigned/.test(stderr)) throw new Error(`no address for services: ${stderr}`);
  }
  throw new Error("there are 40 sets of services already: remove one with `npm run lab services down NAME`");
}

async function makeBuckets(services: Services): Promise<void> {
  const { region, ...credentials } = awsCredentials;
  const s3 = new S3Client({ region, endpoint: s3Endpoint(services), forcePathStyle: true, credentials });
  for (const Bucket of Object.values(buckets)) await s3.send(new CreateBucketCommand({ Bucket }));
  s3.destroy();
}
