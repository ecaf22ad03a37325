import { cp, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { exists } from "../../src/activities/files.ts";
import { contents, type Image } from "./image-contents.ts";
import { firstNode, socketOf } from "./layout.ts";
import { waitUntil } from "./kubectl.ts";
import { type Sandbox, within } from "./sandbox.ts";

export type { Image };

const cache = join(homedir(), ".cache", "firedrill", "lab", "images");

/** Puts images into a cluster's containerd, as `localhost/NAME:1`. */
export async function importImages(sandbox: Sandbox, names: Image[], node = firstNode): Promise<void> {
  const call = async (...args: string[]) => await ctr(sandbox, args, node);
  await Promise.all(names.map(archiveOf));
  await waitUntil("containerd answers", 20_000, async () => (await call("version")).exitCode === 0);
  for (const name of names) {
    // Within an archive an image has but a tag.
    const naming = ["--base-name", `localhost/${name}`];
    const { exitCode, stderr } = await call("images", "import", ...naming, fileOf(name));
    if (exitCode !== 0) throw new Error(`${name} cannot be imported: ${stderr}`);
  }
}

/** Takes an image from the node, so that the next pod that wants it must pull. Pods that run go on. */
export async function removeImage(sandbox: Sandbox, reference: string): Promise<void> {
  const { stdout } = await ctr(sandbox, ["images", "list"]);
  const rows = stdout.split("\n").map((line) => line.split(/\s+/));
  const listed = rows.map(([name = "", , digest = ""]) => ({ name, digest }));
  const digest = listed.find(({ name }) => name === reference)?.digest;
  if (digest === undefined) return;
  const repository = reference.replace(/:[^:/]+$/, "");
  const same = listed.filter((one) => one.digest === digest).map(({ name }) => name);
  const isOurs = (name: string) => name === reference || name === `${repository}@${digest}`;
  // A third name is the image's ID: it goes with the last of the others.
  const last = same.every((name) => isOurs(name) || name.startsWith("sha256:"));
  const names = last ? same : same.filter(isOurs);
  const { exitCode, stderr } = await ctr(sandbox, ["images", "remove", "--sync", ...names]);
  if (exitCode !== 0) throw new Error(`${reference} cannot be removed: ${stderr}`);
}

async function ctr(sandbox: Sandbox, args: string[], node = firstNode) {
  const argv = ["ctr", "--address", socketOf(node), "--namespace", "k8s.io", ...args];
  return await execa(...within(sandbox, argv), { reject: false });
}

function fileOf(name: Image): string {
  return join(cache, `${name}-${contents[name].version}.oci.tar`);
}

/** Where skopeo finds the image, which is made when it is not there. Its layers are compressed: a push need not do it again. */
export async function archiveOf(name: Image): Promise<string> {
  const place = `oci-archive:${fileOf(name)}:1`;
  if (await exists(fileOf(name))) return place;
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(tmpdir(), "firedrill-image-"));
  try {
    const layout = join(work, "layout");
    const tag = `${layout}:1`;
    const { fill, config } = contents[name];
    await execa("umoci", ["init", "--layout", layout]);
    await execa("umoci", ["new", "--image", tag]);
    await execa("umoci", ["unpack", "--image", tag, join(work, "bundle")]);
    await fill(join(work, "bundle", "rootfs"));
    await execa("umoci", ["repack", "--image", tag, join(work, "bundle")]);
    const settings = Object.entries(config).flatMap(([key, values]) =>
      values.flatMap((value) => [`--config.${key}`, value]),
    );
    await execa("umoci", ["config", "--image", tag, ...settings]);
    // A node unpacks zstd several times as fast as gzip.
    const archive = `oci-archive:${join(work, "image.tar")}:1`;
    await execa("skopeo", ["copy", "--quiet", "--dest-compress-format=zstd", `oci:${tag}`, archive]);
    const made = `${fileOf(name)}.${process.pid}`;
    await cp(join(work, "image.tar"), made);
    await rename(made, fileOf(name));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return place;
}
