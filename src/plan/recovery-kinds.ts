import type { Recovery } from "./recovery.ts";
import type { StepVerb } from "./steps.ts";

type OfKind = Partial<Record<StepVerb, Recovery>>;

const namespace: OfKind = {
  proof: {
    state: "The namespace is as it was.",
    act: "What would not come back is named: mend it in Git, in the registry, or in GitOps.",
    answers: "Retry asks Git, registries and GitOps again.",
  },
  destroy: {
    state: "The namespace is being deleted, or is gone. GitOps would make it again.",
    act: "The message says what keeps it from ending: a finalizer, mostly, whose controller does not run.",
    answers: "Retry goes on waiting for its end; abort leaves it to GitOps.",
  },
  rebuild: {
    state: "The namespace is deleted, and GitOps has not brought all of it back.",
    act: "The message names the root cause: an image, a Secret, a quota, a webhook, a volume. Mend that one; what depends on it follows.",
    answers: "Retry goes on watching, for as long again; abort reports what is missing.",
  },
  verify: {
    state: "The namespace is back. Not everything in it is as it was.",
    act: "Each object that differs is named with the difference: is it what Git says now?",
    answers: "Retry compares again; skip leaves it as it is, and the verdict is no PASS.",
  },
};

const workload: OfKind = {
  proof: {
    state: "The pods run as they did.",
    act: "What the pods would need and is not there is named: mend it.",
    answers: "Retry looks again.",
  },
  destroy: {
    state:
      "Some pods may be gone; their controller makes them again. A node may be cordoned; the clean-up lets it take pods again.",
    act: "The message says which pod does not end, and why: a disruption budget, mostly.",
    answers: "Retry goes on; abort leaves the pods to their controller.",
  },
  rebuild: {
    state: "The pods were taken away, and not all have come back. Their volumes are as they were.",
    act: "The message names the root cause: an image, a volume that is still attached elsewhere, no room on any node.",
    answers: "Retry goes on watching, for as long again; abort reports what is missing.",
  },
  verify: {
    state: "The pods are back. Their data, or what answers from outside, is not as it was.",
    act: "Read in the message what was expected and what was found.",
    answers: "Retry compares again; skip leaves it as it is, and the verdict is no PASS.",
  },
};

const longhorn: OfKind = {
  backup: {
    state: "The volume is as it was; a snapshot and an unfinished Backup of this run may be there.",
    act: "Mend Longhorn or its backup target: the message says which of them did not do its part.",
    answers: "Retry goes on with the same backup if it is whole, and makes another one otherwise.",
  },
  proof: {
    state: "The volume is as it was. Longhorn calls the backup Completed; in the store it is not whole.",
    act: "A block that is missing or damaged is used by later incremental backups as well: have a full one made.",
    answers: "Retry reads it again; for another backup abort, and start a new run.",
  },
  destroy: {
    state:
      "Workload and GitOps may be stopped; claim and volume may be gone. The backup is proven, and is never deleted.",
    act: "See what still uses the volume, and mend what the message names.",
    answers:
      "Retry goes on where it was. After abort workload and GitOps go on, perhaps with an empty volume: `firedrill resume RUN` stops them again.",
  },
  restore: {
    state: "The volume is gone, and its backup untouched. Nothing uses what is restored so far.",
    act: "Stuck: look at replicas, nodes and disks. Faulted: delete the new volume, never its backup. A claim with an empty volume: delete both, if it is empty.",
    answers:
      "Retry goes on with the volume that is being restored, and makes it where it is not there. After abort `firedrill resume RUN` goes on.",
  },
  verify: {
    state: "The volume is restored; its workload does not use it yet. Not every file is as it was.",
    act: "Read which files differ, before anything writes to the volume.",
    answers: "Retry reads every file again; skip lets the workload have it as it is, and the verdict is no PASS.",
  },
  place: {
    state: "The volume is restored. Its workload is not up with it.",
    act: "The message says which volume the claim has, or why no pod is ready.",
    answers: "Retry goes on where it was; abort lets workload and GitOps go on.",
  },
};

const cluster: OfKind = {
  proof: {
    state: "The cluster is as it was; the backups of its volumes are proven.",
    act: "Let GitOps reach Git: what it cannot fetch now it could not bring back either.",
    answers: "Retry lets it fetch again.",
  },
  gone: {
    state:
      "The layers are destroyed, and something still answers as the old cluster would, or a check passes without it.",
    act: "Find out who answers: a machine that no state knows, an address that leads elsewhere.",
    answers: "Retry asks again; skip goes on, and the verdict is INCONCLUSIVE.",
  },
  rebuild: {
    state:
      "The old cluster is gone, and the layers are built. `access` does not lead to another cluster that is whole; no volume is restored yet.",
    act: "See that the kubeconfig that `access` leads to is the new cluster's, that its API answers the worker, and that its nodes are ready.",
    answers: "Retry goes on watching, for as long again. After abort `firedrill resume RUN` goes on.",
  },
  verify: {
    state: "The cluster is rebuilt, its volumes are restored, its layers released. Not everything is as it was.",
    act: "Read in the message which check fails, and what it found.",
    answers: "Retry asks again; skip leaves it as it is, and the verdict is no PASS.",
  },
};

/** By the kind of the component, where its world is another one than a database's. */
export const recoveriesOfKind: Record<string, OfKind> = { namespace, workload, longhorn, cluster };

/** In a drill that restores beside the live data, and destroys nothing. */
export const besideTheLive: OfKind = {
  control: {
    state: "The live data is untouched; nothing is restored beside it yet.",
    act: "Let the checks be asked: the message says what keeps them from it.",
    answers: "Retry asks again; skip goes on without, and the verdict is INCONCLUSIVE.",
  },
  restore: {
    state: "The live data is untouched. What is restored so far lies beside it, and goes with the clean-up.",
    act: "Mend what the message names: space, rights, programs, or the way to the store.",
    answers: "Retry restores it anew; abort removes it.",
  },
  verify: {
    state: "The live data is untouched. What was restored beside it is not as it was.",
    act: "Read in the message what was expected and what was found: a real loss would have ended like this.",
    answers: "Retry compares again; skip and abort remove what was restored, and the verdict is no PASS.",
  },
};

/** Of the volumes of a cluster that was lost for real: nobody knows what they held, and their pods are needed to read them. */
export const afterLoss: OfKind = {
  verify: {
    state: "The volume is restored, and its workload uses it. Not every file of it could be read.",
    act: "Read in the message what was expected and what was found.",
    answers: "Retry reads every file again; skip leaves it as it is, and the verdict is no PASS.",
  },
};
