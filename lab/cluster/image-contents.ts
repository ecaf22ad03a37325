import { chmod, cp, mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";

/** How an image is made here of the machine's own programs and packages: no registry is asked. */
interface Contents {
  /** Of the recipe: another number makes the image anew. */
  version: number;
  fill: (root: string) => Promise<void>;
  /** Settings of `umoci config`, each with its values. */
  config: Record<string, string[]>;
}

export const contents = {
  pause: { version: 1, fill: fillBusybox, config: { env: ["PATH=/bin"], cmd: ["sleep", "infinity"] } },
  busybox: { version: 1, fill: fillBusybox, config: { env: ["PATH=/bin"], cmd: ["sh"] } },
  postgres: {
    version: 2,
    fill: fillPostgres,
    config: {
      env: [
        "PATH=/usr/lib/postgresql/15/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "PGDATA=/var/lib/postgresql/data",
        "LANG=C.UTF-8",
      ],
      entrypoint: ["/entrypoint.sh"],
      stopsignal: ["SIGINT"],
    },
  },
} satisfies Record<string, Contents>;

export type Image = keyof typeof contents;

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

/** What no lab needs and is half of the size: documentation, and the compiler of long queries. */
const unwanted = [
  "/usr/share/doc/*",
  "/usr/share/man/*",
  "/usr/share/locale/*",
  "/usr/lib/*/libLLVM*",
  "/usr/lib/*/libz3*",
  "/usr/lib/postgresql/*/lib/llvmjit*",
  "/usr/lib/postgresql/*/lib/bitcode/*",
];

/** Debian's PostgreSQL 15 and pgBackRest. */
async function fillPostgres(root: string): Promise<void> {
  const archive = `${root}.tar`;
  const packages = "--include=postgresql-15,pgbackrest,ca-certificates";
  const settings = "etc/postgresql-common/createcluster.d";
  const noServer = `mkdir -p "$1/${settings}" && echo create_main_cluster=false > "$1/${settings}/lab.conf"`;
  const without = unwanted.map((path) => `--dpkgopt=path-exclude=${path}`);
  const options = ["--quiet", "--variant=minbase", packages, `--essential-hook=${noServer}`, ...without];
  await execa("mmdebstrap", [...options, "bookworm", archive], { stdin: "ignore" });
  await execa("tar", ["--extract", `--file=${archive}`, `--directory=${root}`, "--exclude=./dev/*"]);
  await rm(archive);
  await mkdir(join(root, "run", "postgresql"));
  await chmod(join(root, "run", "postgresql"), 0o1777);
  const entrypoint = join(root, "entrypoint.sh");
  await cp(join(import.meta.dirname, "postgres-entrypoint.sh"), entrypoint);
  await chmod(entrypoint, 0o755);
}
