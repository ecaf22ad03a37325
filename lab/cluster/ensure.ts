import { fail } from "../../src/failures.ts";
import { type Built, ensureGoPrograms } from "../go-programs.ts";
import { goModules, type GoModuleName } from "../go-table.ts";
import { ensurePrograms } from "../packages.ts";
import type { Talk } from "../terminal.ts";

/**
 * Gets all that a cluster needs of this machine, and says what it does.
 * @throws UNSUPPORTED_VERSION elsewhere than on Linux, PERMISSION_DENIED without root, PROGRAM_MISSING
 */
export async function ensureCluster(talk: Talk): Promise<Built> {
  if (process.platform !== "linux")
    throw fail("UNSUPPORTED_VERSION", "a cluster of the lab needs Linux", "Use a virtual machine with Linux.");
  if (process.getuid?.() !== 0) {
    const hint = "Become root, for instance by `sudo -s`; a virtual machine will do. What is made is removed again.";
    throw fail("PERMISSION_DENIED", "a cluster needs root: mounts, networks and control groups are made for it", hint);
  }
  await ensurePrograms(["cluster"], talk);
  return await ensureGoPrograms(Object.keys(goModules) as GoModuleName[], talk);
}
