import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdir, readdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { identify, isAlive, type ProcessIdentity } from "../../src/activities/process-identity.ts";
import { exists } from "../../src/activities/files.ts";
import { controlGroup, type Layout, layoutOf, linkName, slots } from "./layout.ts";

/**
 * A cluster lives in namespaces of its own for mounts, network and processes. Their first process is all that has to be
 * killed: the kernel then ends every other one in there, pods included, and with them go mounts, bridges and nft rules.
 */
export interface Sandbox {
  layout: Layout;
  /** The first process, as this machine sees it. */
  init: ProcessIdentity;
}

/** Makes the namespaces and their network. @throws when no slot is free, and what `unshare` and `ip` say */
export async function createSandbox(name: string): Promise<Sandbox> {
  const { directory } = layoutOf(name, 0);
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const namespaces = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation=private"];
  const init = await startDetached("unshare", [...namespaces, "tini", "sleep", "infinity"], "ignore");
  const slot = await takeSlot(init.pid).catch(async (error: unknown) => {
    // Nobody would find it later.
    process.kill(init.pid, "SIGKILL");
    await rm(directory, { recursive: true, force: true });
    throw error;
  });
  const sandbox = { layout: layoutOf(name, slot), init };
  await writeFile(join(directory, "sandbox.json"), JSON.stringify({ slot, init }));
  await connect(sandbox);
  await hideHost(sandbox);
  for (const group of await controlGroups(name)) await mkdir(group, { recursive: true });
  return sandbox;
}

/** Of a cluster by that name; undefined where there is none, or where it has died. */
export async function findSandbox(name: string): Promise<Sandbox | undefined> {
  const path = join(layoutOf(name, 0).directory, "sandbox.json");
  if (!(await exists(path))) return undefined;
  const { slot, init } = JSON.parse(await readFile(path, "utf8")) as { slot: number; init: ProcessIdentity };
  return (await isAlive(init)) ? { layout: layoutOf(name, slot), init } : undefined;
}

/** Ends everything in there and removes what it has written. Also of a cluster that has died. */
export async function removeSandbox(name: string): Promise<void> {
  const sandbox = await findSandbox(name);
  if (sandbox !== undefined) {
    process.kill(sandbox.init.pid, "SIGKILL");
    while (await isAlive(sandbox.init)) await sleep(20);
    // The kernel would take its time, and the slot with it.
    await execa("ip", ["link", "delete", linkName(sandbox.layout.slot)], { reject: false });
  }
  for (const group of await controlGroups(name)) await removeGroup(group);
  await rm(layoutOf(name, 0).directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

/** A command line that runs within. */
export function within({ init }: Sandbox, argv: string[]): [file: string, args: string[]] {
  return ["nsenter", ["--target", String(init.pid), "--mount", "--net", "--pid", "--", ...argv]];
}

/** Starts a program within that goes on when this process ends. Its output is in `logs/NAME.log`. */
export async function startWithin(
  sandbox: Sandbox,
  name: string,
  argv: string[],
  env: Record<string, string> = {},
): Promise<ProcessIdentity> {
  const logs = join(sandbox.layout.directory, "logs");
  await mkdir(logs, { recursive: true });
  const log = openSync(join(logs, `${name}.log`), "a", 0o600);
  const settings = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  const environment = settings.length === 0 ? [] : ["env", ...settings];
  const identity = await startDetached(...within(sandbox, [...environment, ...argv]), log);
  closeSync(log);
  await mkdir(join(sandbox.layout.directory, "processes"), { recursive: true });
  await writeFile(join(sandbox.layout.directory, "processes", `${name}.json`), JSON.stringify(identity));
  return identity;
}

/** Kills a program that `startWithin` has started; it is not started again by itself. */
export async function stopWithin({ layout }: Sandbox, name: string): Promise<void> {
  const file = join(layout.directory, "processes", `${name}.json`);
  const identity = JSON.parse(await readFile(file, "utf8")) as ProcessIdentity;
  if (await isAlive(identity)) process.kill(identity.pid, "SIGKILL");
  // Its first thread is dead at once, but holds the program's port until the others are too.
  while (await exists(`/proc/${identity.pid}`)) await sleep(10);
}

/** @returns the program that `file` starts as its first child */
async function startDetached(file: string, args: string[], output: "ignore" | number): Promise<ProcessIdentity> {
  const outer = spawn(file, args, { detached: true, stdio: ["ignore", output, output], cwd: "/" });
  await once(outer, "spawn");
  outer.unref();
  return await firstChild(outer.pid!);
}

async function firstChild(parent: number): Promise<ProcessIdentity> {
  for (const deadline = Date.now() + 5_000; Date.now() < deadline; await sleep(5)) {
    const children = await readFile(`/proc/${parent}/task/${parent}/children`, "utf8").catch(() => "");
    const identity = await identify(Number(children.trim().split(" ")[0]));
    if (identity !== undefined) return identity;
  }
  throw new Error(`process ${parent} has started nothing within 5 s; namespaces need root`);
}

async function takeSlot(init: number): Promise<number> {
  for (let slot = 0; slot < slots; slot += 1) {
    const args = ["link", "add", linkName(slot), "type", "veth", "peer", "name", "uplink", "netns", String(init)];
    const { exitCode, stderr } = await execa("ip", args, { reject: false });
    if (exitCode === 0) return slot;
    if (!stderr.includes("File exists")) throw new Error(`no link to the cluster: ${stderr}`);
  }
  throw new Error(`there are ${slots} clusters already: remove one with \`npm run lab down NAME\``);
}

/** Pods and services can be reached from this machine, and this machine from pods; nothing else can. */
async function connect(sandbox: Sandbox): Promise<void> {
  const { slot, hostAddress, nodeAddress, podSubnet, podGateway, serviceSubnet } = sandbox.layout;
  const link = linkName(slot);
  const ip = async (...args: string[]) => await execa("ip", args);
  await ip("addr", "add", `${hostAddress}/24`, "dev", link);
  await ip("link", "set", link, "up");
  const inner = [
    "ip link set lo up",
    `ip addr add ${nodeAddress}/24 dev uplink`,
    "ip link set uplink up",
    `ip route add default via ${hostAddress}`,
    "ip link add pods type bridge",
    `ip addr add ${podGateway}/24 dev pods`,
    "ip link set pods up",
    "echo 1 > /proc/sys/net/ipv4/ip_forward",
  ];
  await execa(...within(sandbox, ["sh", "-ec", inner.join("\n")]));
  for (const subnet of [podSubnet, serviceSubnet]) await ip("route", "add", subnet, "via", nodeAddress);
}

/** What the cluster's programs write to fixed places goes to memory, or to the cluster's directory. */
async function hideHost(sandbox: Sandbox): Promise<void> {
  const { directory } = sandbox.layout;
  const script = [
    ...["/run", "/var/lib"].map((place) => `mount -t tmpfs tmpfs ${place}`),
    `mkdir -p ${directory}/var-log ${directory}/kubelet /run/netns`,
    `mount --bind ${directory}/var-log /var/log`,
    `mount --bind ${directory}/kubelet ${directory}/kubelet`,
    `mount --make-rshared ${directory}/kubelet`,
  ];
  await execa(...within(sandbox, ["sh", "-ec", script.join("\n")]));
}

/** The cluster's directory in each hierarchy of control groups; version 2 has one. */
export async function controlGroups(name: string): Promise<string[]> {
  const root = "/sys/fs/cgroup";
  if (await exists(join(root, "cgroup.controllers"))) return [join(root, controlGroup(name))];
  return (await readdir(root)).map((hierarchy) => join(root, hierarchy, controlGroup(name)));
}

async function removeGroup(group: string): Promise<void> {
  if (!(await exists(group))) return;
  for (const entry of await readdir(group, { withFileTypes: true }))
    if (entry.isDirectory()) await removeGroup(join(group, entry.name));
  for (const deadline = Date.now() + 5_000; ; await sleep(50)) {
    const failure = await rmdir(group).catch((error: NodeJS.ErrnoException) => error);
    if (failure === undefined || failure.code === "ENOENT") return;
    if (failure.code !== "EBUSY" || Date.now() > deadline) throw failure;
  }
}
