import { type Built, ensureGoPrograms } from "../../lab/go-programs.ts";
import { goModules, type GoModuleName } from "../../lab/go-table.ts";
import { raiseStage } from "../../lab/stack/raise.ts";
import type { GitopsTool } from "../../lab/stack/contents.ts";
import { setStage, type Stage, strikeStage } from "../../lab/stack/stage.ts";
import { terminalTalk } from "../../lab/terminal.ts";
import { type Administrator, administrator } from "./longhorn.ts";

/** A homelab to drill with: `lab/stack/`. */
export interface Homelab extends Administrator {
  stage: Stage;
}

/** Services and units, and with `applied` the cluster, as far as Terragrunt waits for it. What was there by that name is removed. */
export async function openHomelab(name: string, gitops?: GitopsTool): Promise<Homelab> {
  const built = (await ensureGoPrograms(Object.keys(goModules) as GoModuleName[], terminalTalk())) as Built;
  await strikeStage(name);
  const stage = await setStage(name, built, gitops);
  return { stage, ...administrator(name, built) };
}

/** Makes the cluster, and waits until all layers are applied. */
export async function raise({ stage, built }: Homelab): Promise<void> {
  await raiseStage(stage, built);
}
