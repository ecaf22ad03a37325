import { cp, mkdir, mkdtemp, rename, rm, symlink } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { exists } from "../../src/activities/files.ts";
import { containerdSocket } from "./layout.ts";
import { waitUntil } from "./kubectl.ts";
import { type Sandbox, within } from "./sandbox.ts";

/** Made here of the machine's own programs: no registry is asked. */
const images = {
  pause: ["sleep", "infinity"],
  busybox: ["sh"],
} as const;

export type Image = keyof typeof images;

const cache = join(homedir(), ".cache", "firedrill", "lab", "images");

/** Puts images into a cluster's containerd, as `localhost/NAME:1`. */
export async function importImages(sandbox: Sandbox, names: Image[]): Promise<void> {
  const archives = await Promise.all(names.map(ensureArchive));
  const ctr = async (...args: string[]) =>
    await execa(...within(sandbox, ["ctr", "--address", containerdSocket, "--namespace", "k8s.io", ...args]), {
      reject: false,
    });
  await waitUntil("containerd answers", 20_000, async () => (await ctr("version")).exitCode === 0);
  for (const archive of archives) {
    const { exitCode, stderr } = await ctr("images", "import", archive);
    if (exitCode !== 0) throw new Error(`${archive} cannot be imported: ${stderr}`);
  }
}

/** A tar archive of the image, made when there is none. */
async function ensureArchive(name: Image): Promise<string> {
  const archive = join(cache, `${name}.tar`);
  if (await exists(archive)) return archive;
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(tmpdir(), "firedrill-image-"));
  try {
    const layout = join(work, "layout");
    const tag = `${layout}:1`;
    await execa("umoci", ["init", "--layout", layout]);
    await execa("umoci", ["new", "--image", tag]);
    await execa("umoci", ["unpack", "--image", tag, join(work, "bundle")]);
    await fillBusybox(join(work, "bundle", "rootfs"));
    await execa("umoci", ["repack", "--image", tag, join(work, "bundle")]);
    const command = images[name].flatMap((word) => ["--config.cmd", word]);
    await execa("umoci", ["config", "--image", tag, "--config.env", "PATH=/bin", ...command]);
    await execa("skopeo", ["copy", `oci:${tag}`, `docker-archive:${join(work, "image.tar")}:localhost/${name}:1`]);
    await rename(join(work, "image.tar"), archive).catch(() => cp(join(work, "image.tar"), archive));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return archive;
}

async function fillBusybox(root: string): Promise<void> {
  await mkdir(join(root, "bin"), { recursive: true });
  await mkdir(join(root, "tmp"), { recursive: true, mode: 0o1777 });
  await cp("/usr/bin/busybox", join(root, "bin", "busybox")).catch(() =>
    cp("/bin/busybox", join(root, "bin", "busybox")),
  );
  const { stdout } = await execa(join(root, "bin", "busybox"), ["--list"]);
  for (const applet of stdout.split("\n").filter((name) => name !== "busybox"))
    await symlink("busybox", join(root, "bin", applet));
}
