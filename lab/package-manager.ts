import { onPath } from "./programs.ts";
import type { Program } from "./programs.ts";

/** How one package manager installs what the lab needs. A program without an entry is not in its packages. */
export interface PackageManager {
  command: string;
  /** It changes the system, so it needs root or sudo; Homebrew refuses root instead. */
  needsRoot: boolean;
  refresh: string[] | undefined;
  install: string[];
  environment: Record<string, string>;
  packages: Partial<Record<Program, string[]>>;
}

/** Another package manager run may hold the lock for a moment: wait instead of failing. */
const aptLock = ["-o", "DPkg::Lock::Timeout=120"];

const managers: PackageManager[] = [
  {
    command: "apt-get",
    needsRoot: true,
    refresh: ["apt-get", "update", "--quiet", ...aptLock],
    install: ["apt-get", "install", "--quiet", "--yes", "--no-install-recommends", ...aptLock],
    environment: { DEBIAN_FRONTEND: "noninteractive" },
    packages: {
      postgres: ["postgresql"],
      pgbackrest: ["pgbackrest"],
      chromium: ["chromium"],
      faketime: ["faketime"],
      prometheus: ["prometheus"],
      cluster:
        "containerd runc containernetworking-plugins umoci skopeo docker-registry mmdebstrap redis-server prometheus-alertmanager tini busybox-static iproute2 nftables conntrack util-linux git openssl".split(
          " ",
        ),
    },
  },
  {
    command: "dnf",
    needsRoot: true,
    refresh: undefined,
    install: ["dnf", "install", "--assumeyes", "--setopt=install_weak_deps=False"],
    environment: {},
    packages: {
      postgres: ["postgresql-server", "postgresql-contrib"],
      pgbackrest: ["pgbackrest"],
      chromium: ["chromium"],
      faketime: ["libfaketime"],
      prometheus: ["golang-github-prometheus"],
    },
  },
  {
    command: "apk",
    needsRoot: true,
    refresh: ["apk", "update"],
    install: ["apk", "add"],
    environment: {},
    packages: {
      postgres: ["postgresql", "postgresql-client", "postgresql-contrib", "runuser"],
      pgbackrest: ["pgbackrest"],
      chromium: ["chromium"],
      faketime: ["libfaketime"],
      prometheus: ["prometheus"],
    },
  },
  {
    command: "pacman",
    needsRoot: true,
    refresh: undefined,
    install: ["pacman", "--sync", "--refresh", "--needed", "--noconfirm"],
    environment: {},
    packages: {
      postgres: ["postgresql"],
      chromium: ["chromium"],
      faketime: ["libfaketime"],
      prometheus: ["prometheus"],
    },
  },
  {
    command: "brew",
    needsRoot: false,
    refresh: undefined,
    install: ["brew", "install"],
    environment: { HOMEBREW_NO_AUTO_UPDATE: "1" },
    packages: {
      postgres: ["postgresql@17"],
      pgbackrest: ["pgbackrest"],
      chromium: ["chromium"],
      faketime: ["libfaketime"],
      prometheus: ["prometheus"],
    },
  },
];

/** The package manager of this machine; undefined where it has none that the lab knows. */
export async function findPackageManager(): Promise<PackageManager | undefined> {
  for (const manager of managers) if ((await onPath(manager.command)) !== undefined) return manager;
  return undefined;
}
