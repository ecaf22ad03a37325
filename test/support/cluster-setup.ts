import { archiveOf } from "../../lab/cluster/images.ts";
import { ensureGoPrograms } from "../../lab/go-programs.ts";
import { goModules, type GoModuleName } from "../../lab/go-table.ts";
import { ensurePrograms } from "../../lab/packages.ts";
import { terminalTalk } from "../../lab/terminal.ts";

/** What a cluster is made of is there before the first test begins, which would time out otherwise. */
export async function setup(): Promise<void> {
  await ensurePrograms(["cluster"], terminalTalk());
  await ensureGoPrograms(Object.keys(goModules) as GoModuleName[], terminalTalk());
  await archiveOf("postgres");
}
