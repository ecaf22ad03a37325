import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { archiveOf, type Image } from "./images.ts";
import { waitUntil } from "./kubectl.ts";
import type { Layout } from "./layout.ts";
import { type Sandbox, startWithin } from "./sandbox.ts";

/** The same images behind two doors: an open one, and one that wants a name and a password, for tests of pull secrets. */
const ports = { open: 5000, locked: 5001 };

type Door = keyof typeof ports;

/** Who may pull through the locked door. */
export const registryUser = { name: "lab", password: "lab" };

/** Of that password. bcrypt, the only sort that the registry takes. */
const passwordHash = "$2b$05$oHWsm/DAR.oU4PDW3gmvD.yOFFcjWI8t7JBDBgC7weI6zgRinDC0u";

/** As pods and this machine find it. */
export function registryUrl({ nodeAddress }: Layout, door: Door = "open"): string {
  return `http://${nodeAddress}:${ports[door]}`;
}

/** What a pod's `image` says. @param path `busybox:1`, `team/shop:2` */
export function imageReference(layout: Layout, path: string, door: Door = "open"): string {
  return `${new URL(registryUrl(layout, door)).host}/${path}`;
}

/** Debian's docker-registry, on the node's address over HTTP. Returns when it answers. */
export async function startRegistry(sandbox: Sandbox): Promise<void> {
  const { layout } = sandbox;
  const directory = join(layout.directory, "registry");
  await mkdir(join(directory, "images"), { recursive: true });
  await writeFile(join(directory, "passwords"), `${registryUser.name}:${passwordHash}\n`);
  for (const door of ["open", "locked"] as const) {
    const file = join(directory, `${door}.json`);
    await writeFile(file, JSON.stringify(settings(layout, directory, door)));
    await startWithin(sandbox, `registry-${door}`, ["docker-registry", "serve", file]);
  }
  await waitUntil("the registry answers", 20_000, async () => {
    const answers = (["open", "locked"] as const).map((door) => fetch(`${registryUrl(layout, door)}/v2/`));
    return (await Promise.allSettled(answers)).every(({ status }) => status === "fulfilled");
  });
}

/** JSON is YAML too. Nothing is remembered in memory: what is deleted through one door is gone behind the other. */
function settings(layout: Layout, directory: string, door: Door): object {
  const htpasswd = { realm: "lab", path: join(directory, "passwords") };
  return {
    version: "0.1",
    log: { level: "warn", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(directory, "images") }, delete: { enabled: true } },
    http: { addr: new URL(registryUrl(layout, door)).host },
    ...(door === "locked" && { auth: { htpasswd } }),
  };
}

/** Files by which containerd takes HTTP from these registries, and never asks by HTTPS; below its `config_path`. */
export async function trustRegistry(layout: Layout, directory: string): Promise<void> {
  for (const door of ["open", "locked"] as const) {
    const url = registryUrl(layout, door);
    const place = join(directory, new URL(url).host);
    await mkdir(place, { recursive: true });
    // Said twice: containerd 1.6 passes over a server without a host, and asks a host's server by HTTPS.
    await writeFile(
      join(place, "hosts.toml"),
      `server = "${url}"\n[host."${url}"]\n  capabilities = ["pull", "resolve"]\n`,
    );
  }
}

/** @param reference as a pod's `image` says it */
export async function pushImage(image: Image, reference: string): Promise<void> {
  const archive = await archiveOf(image);
  await execa("skopeo", ["copy", "--quiet", "--dest-tls-verify=false", archive, `docker://${reference}`]);
}

/** Later pulls of it fail, by any tag that names the same image. @throws when the registry has no such image */
export async function deleteImage(reference: string): Promise<void> {
  const [host = "", path = ""] = splitOnce(reference, "/");
  const [name = "", tag = ""] = splitOnce(path, ":");
  const manifests = `http://${host}/v2/${name}/manifests`;
  const kinds = ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];
  const found = await fetch(`${manifests}/${tag}`, { method: "HEAD", headers: { accept: kinds.join(", ") } });
  const digest = found.headers.get("docker-content-digest");
  if (!found.ok || digest === null) throw new Error(`the registry has no ${reference}: ${found.status}`);
  const { status } = await fetch(`${manifests}/${digest}`, { method: "DELETE" });
  if (status !== 202) throw new Error(`the registry does not delete ${reference}: ${status}`);
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + 1)];
}
