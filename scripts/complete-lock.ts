/**
 * Adds to package-lock.json the optional packages of other platforms that npm left out because the registry in use did
 * not offer them: without them `npm ci` calls the lock file out of sync. Run it after `npm install` changed the lock.
 */
import { readFileSync, writeFileSync } from "node:fs";

interface Entry {
  version?: string;
  optionalDependencies?: Record<string, string>;
  optional?: boolean;
  dev?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
}

const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as { packages: Record<string, Entry> };

const systems = ["darwin", "linux", "win32", "freebsd", "android", "openharmony", "openbsd", "netbsd", "sunos", "aix"];
const processors = ["arm64", "x64", "ia32", "arm", "ppc64", "s390x", "riscv64", "loong64", "mips64el", "wasm32"];

/** Platform packages are named after what they run on: `@swc/core-linux-arm-gnueabihf`. */
function platform(name: string): Pick<Entry, "os" | "cpu" | "libc"> {
  const words = name.replace("windows", "win32").replace("-wasm32-wasi", "-wasm32").split(/[-/]/);
  const pick = (known: string[]) => known.filter((word) => words.includes(word));
  const [os, cpu] = [pick(systems), pick(processors)];
  const libc = words.includes("musl") ? ["musl"] : words.includes("gnu") && os.includes("linux") ? ["glibc"] : [];
  return { ...(os[0] && { os }), ...(cpu[0] && { cpu }), ...(libc[0] && { libc }) };
}

let added = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const found = [`${path}/node_modules/${name}`, `node_modules/${name}`].some((key) => key in lock.packages);
    if (found || !/^\d+\.\d+\.\d+/.test(version)) continue;
    lock.packages[`node_modules/${name}`] = {
      version,
      ...platform(name),
      ...(entry.dev && { dev: true }),
      optional: true,
    };
    added += 1;
  }
}
const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en"));
writeFileSync("package-lock.json", `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
console.log(`${added} packages of other platforms added to package-lock.json`);
