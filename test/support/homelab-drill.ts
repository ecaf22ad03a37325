import { chmod, mkdtemp, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import type { GitopsTool } from "../../lab/stack/contents.ts";
import { stageComponents, stagePlan } from "../../lab/stack/plan.ts";
import { effects, strikeStage } from "../../lab/stack/stage.ts";
import { createWorkplace, type Workplace } from "./drill.ts";
import { type Homelab, openHomelab, raise } from "./stage.ts";

/** The drill of a whole homelab, as `lab/stack/` makes it: Terragrunt, Flux or Argo CD, Longhorn's stand-in, MinIO and SSM outside of it. */
export interface HomelabDrill extends Workplace, Homelab {
  kubectl: (...args: string[]) => Promise<string>;
  /** What the provider of machines was told to do, in its order. */
  effects: () => Promise<string[]>;
  /** Files of drills in the volumes of the cluster that is there now. */
  sentinels: () => Promise<string[]>;
}

/**
 * @param name of all that is made, which is made anew
 * @param hooked workers write an effects log and can be held
 * @param address a Temporal server of the test's own
 * @param gitops who fills the cluster: Flux, if nothing else is said
 */
export async function createHomelabDrill(
  name: string,
  hooked = false,
  address?: string,
  gitops?: GitopsTool,
): Promise<HomelabDrill> {
  const lab = await openHomelab(name, gitops);
  await raise(lab);
  const directory = await mkdtemp("/tmp/fd-");
  await chmod(directory, 0o755);
  const mayDestroy = [{ infrastructure: lab.stage.infrastructure }];
  const workplace = await createWorkplace(directory, { hooked, mayDestroy, ...(address && { address }) });
  const programs = [lab.built.terragrunt, lab.built.tofu].join(":");
  const own = { ...lab.stage.environment, PATH: `${programs}:${process.env["PATH"]}` };
  return {
    ...lab,
    ...workplace,
    startWorker: (env = {}) => workplace.startWorker({ ...own, ...env }),
    ensureWorker: (env = {}) => workplace.ensureWorker({ ...own, ...env }),
    kubectl: async (...args) => (await lab.ask(...args)).output,
    effects: async () => await effects(lab.stage),
    async sentinels() {
      const { directory: of } = await lab.layout();
      const found = await readdir(join(of, "longhorn", "volumes"), { recursive: true });
      return found.filter((path) => basename(path).startsWith(".firedrill-"));
    },
    async remove() {
      await workplace.remove();
      await strikeStage(name);
    },
  };
}

/** Keys of the plan, without its components. */
export function homelabPlan({ stage }: Homelab, more: object = {}): object {
  return { ...stagePlan(stage), ...more };
}

/** The whole cluster, and its three volumes: of deploy/dr-exercise, and of the lab's shop. */
export function homelabComponents({ stage }: Homelab): object[] {
  return stageComponents(stage);
}
