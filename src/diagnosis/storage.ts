import { type KubernetesObject, nameOf } from "../activities/kubernetes/object.ts";
import type { Clues, Finding, Snapshot } from "./cause.ts";
import { at, eventsOf, find, ofKind, patience, quote, secondsSince } from "./look.ts";

/** Claims that get no volume. One that waits for its first pod is as well as that pod. */

export function storage(snapshot: Snapshot): Clues {
  const clues: Clues = { findings: [], needs: [] };
  for (const claim of ofKind(snapshot.objects, "PersistentVolumeClaim")) {
    const young = patience(snapshot, claim.metadata.creationTimestamp);
    if (at(claim, "status.phase") === "Bound" || young) continue;
    if (eventsOf(snapshot, claim, "WaitForFirstConsumer").length > 0 && !provisioningFailed(snapshot, claim))
      clues.needs.push(...usersOf(snapshot, claim).map((pod) => ({ who: nameOf(claim), what: nameOf(pod) })));
    const finding = findingOf(snapshot, claim);
    if (finding === undefined) continue;
    clues.findings.push(finding);
    clues.needs.push({ who: nameOf(claim), what: finding.at });
  }
  return clues;
}

function usersOf({ objects }: Snapshot, claim: KubernetesObject): KubernetesObject[] {
  return ofKind(objects, "Pod").filter((pod) =>
    (at<{ persistentVolumeClaim?: { claimName: string } }[]>(pod, "spec.volumes") ?? []).some(
      ({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === claim.metadata.name,
    ),
  );
}

const provisioningFailed = (snapshot: Snapshot, claim: KubernetesObject) =>
  eventsOf(snapshot, claim, "ProvisioningFailed").findLast(({ message }) => !/storageclass.* not found/i.test(message));

function findingOf(snapshot: Snapshot, claim: KubernetesObject): Finding | undefined {
  const { cluster } = snapshot;
  const { name } = claim.metadata;
  const place = { at: nameOf(claim), object: nameOf(claim) };
  const volumeName = at<string>(claim, "spec.volumeName");
  if (volumeName !== undefined) return ofVolume(snapshot, claim, volumeName);
  const className = at<string>(claim, "spec.storageClassName");
  const storageClass = className === undefined ? undefined : find(cluster, "StorageClass", className);
  const released = ofKind(cluster, "PersistentVolume").find((volume) => wasOf(volume, claim));
  if (released !== undefined)
    return {
      ...place,
      type: "VOLUME_NOT_BOUND",
      cause: `PersistentVolume ${released.metadata.name} holds the data of claim ${name} but still belongs to the deleted claim of that name`,
      hint: `Remove spec.claimRef.uid and resourceVersion from PersistentVolume ${released.metadata.name}, and set the claim's volumeName to it.`,
    };
  if (className === undefined)
    return {
      at: "StorageClass/",
      object: nameOf(claim),
      type: "STORAGE_CLASS_MISSING",
      cause: `claim ${name} names no StorageClass, and the cluster has no default one`,
      hint: "Mark a StorageClass as default (storageclass.kubernetes.io/is-default-class), or name one in the claim.",
    };
  if (storageClass === undefined && (className !== "" || !hasFreeVolume(cluster)))
    return className === ""
      ? {
          ...place,
          type: "VOLUME_NOT_BOUND",
          cause: `claim ${name} asks for a PersistentVolume made by hand, and none is free`,
          hint: "Make a PersistentVolume for it, or give the claim a StorageClass.",
        }
      : {
          at: `StorageClass/${className}`,
          object: nameOf(claim),
          type: "STORAGE_CLASS_MISSING",
          cause: `StorageClass ${className} of claim ${name} does not exist`,
          hint: `Bring back StorageClass ${className} and its driver; there are: ${namesOf(cluster, "StorageClass")}.`,
        };
  const failed = provisioningFailed(snapshot, claim);
  const provisioner = at<string>(storageClass, "provisioner");
  if (failed !== undefined)
    return {
      ...place,
      type: "PROVISIONING_FAILED",
      cause: `${provisioner ?? "the provisioner"} cannot make a volume for claim ${name}: ${quote(failed.message.replace(/^failed to provision volume with StorageClass "[^"]+": /, ""))}`,
      hint: "Look at the log of the storage driver's controller.",
    };
  const external = eventsOf(snapshot, claim, "ExternalProvisioning").at(-1);
  if (external === undefined || secondsSince(snapshot, external.first) < 30) return undefined;
  return {
    at: `Provisioner/${provisioner}`,
    object: nameOf(claim),
    type: "PROVISIONING_FAILED",
    cause: `provisioner ${provisioner} of StorageClass ${className} does not answer, so claim ${name} gets no volume`,
    hint: `Install or start the storage driver ${provisioner}.`,
  };
}

const namesOf = (objects: KubernetesObject[], kind: string) =>
  ofKind(objects, kind)
    .map(({ metadata }) => metadata.name)
    .join(", ") || "none";

const hasFreeVolume = (cluster: KubernetesObject[]) =>
  ofKind(cluster, "PersistentVolume").some((volume) => at(volume, "status.phase") === "Available");

/** A volume whose claim was deleted and made again is kept for nobody. */
function wasOf(volume: KubernetesObject, claim: KubernetesObject): boolean {
  const owner = at<{ namespace?: string; name?: string; uid?: string }>(volume, "spec.claimRef");
  const same = owner?.name === claim.metadata.name && owner.namespace === claim.metadata.namespace;
  return same && owner.uid !== undefined && owner.uid !== claim.metadata.uid;
}

function ofVolume({ cluster }: Snapshot, claim: KubernetesObject, volumeName: string): Finding | undefined {
  const place = { at: nameOf(claim), object: nameOf(claim), type: "VOLUME_NOT_BOUND" as const };
  const volume = find(cluster, "PersistentVolume", volumeName);
  const { name, namespace } = claim.metadata;
  if (volume === undefined)
    return {
      ...place,
      cause: `claim ${name} asks for PersistentVolume ${volumeName}, which does not exist`,
      hint: "Bring back the volume from its backup, or remove volumeName for an empty one.",
    };
  const owner = at<{ namespace?: string; name?: string }>(volume, "spec.claimRef");
  const phase = at<string>(volume, "status.phase");
  if (owner === undefined) return undefined;
  const other = owner.name !== name || owner.namespace !== namespace;
  if (!other && !wasOf(volume, claim)) return undefined;
  return {
    ...place,
    cause: `claim ${name} asks for PersistentVolume ${volumeName}, which is ${phase ?? "kept"} for ${other ? `claim ${owner.namespace}/${owner.name}` : "the deleted claim of that name"}`,
    hint: `Remove ${other ? "spec.claimRef" : "spec.claimRef.uid and resourceVersion"} from PersistentVolume ${volumeName} once nothing else needs its data.`,
  };
}
