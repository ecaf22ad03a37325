import { type Orchestrator, orchestratorContents } from "../../lab/stack/orchestrator.ts";
import { backUpVolume } from "../support/longhorn.ts";
import type { Sabotage } from "./driver.ts";
import { changeGit, claimNamespace, type Stage } from "./stage.ts";

/** The Job that restores volumes in the bootstrap of the new cluster does not do it, or does it wrong. */

const volume = "dr-exercise-data";
const wanted = { claim: `${claimNamespace}/data`, volume };
const older = "older-than-the-drill";

/** Git gets the Job after it was read last, so that only the new cluster has it. */
const inGit = (how: Partial<Orchestrator>) => ({
  when: "destroy/layer/machines",
  does: async (stage: Stage) => await changeGit(stage, orchestratorContents({ volumes: [wanted], ...how })),
  plan: () => ({ volume: { volume }, cluster: { standstill: "50s" } }),
  undo: async (stage: Stage) => await changeGit(stage, {}),
});

/** A drill in which the Job does all that it must. */
export const withOrchestrator = inGit({});

export const ofOrchestrator: Sabotage[] = [
  {
    name: "the orchestrator is skipped by its flag",
    how: 'ConfigMap cluster-config says skip_backup_restore: "true": the Job ends well and has restored nothing',
    ...inGit({ skip: true }),
    verdict: "FAIL",
    at: "restore/data",
    says: /restore-volumes has ended well, but there is no volume dr-exercise-data; it said: skipped: ConfigMap/,
  },
  {
    name: "the orchestrator fails",
    how: "the Job looks for its configuration at a place where it is not",
    ...inGit({ args: ["restore-volumes", "--from", "/config/nothing.yaml"] }),
    verdict: "FAIL",
    at: "rebuild/homelab",
    says: /restore-volumes has failed \(.*\); it said: .*nothing\.yaml/,
  },
  {
    name: "the orchestrator hangs",
    how: "its restore stays at 37 %, and it waits for an hour",
    ...inGit({ standstill: "1h" }),
    before: (stage) => stage.order("restore-stuck"),
    verdict: "FAIL",
    at: "rebuild/homelab",
    says: /restore-volumes restores volumes: .*37 % restored.*; it has not ended, and nothing of it moves/,
  },
  {
    name: "the orchestrator restores another backup",
    how: "the Job's configuration names a backup that is older than the drill",
    ...inGit({ volumes: [{ ...wanted, backup: older }] }),
    before: async (stage) => await backUpVolume(stage, await stage.volume(), older),
    verdict: "FAIL",
    at: "restore/data",
    says: /volume dr-exercise-data is there already, made from backup \S+, and not from the pinned/,
  },
];
