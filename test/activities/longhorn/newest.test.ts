import { expect, test } from "vitest";
import type { KubernetesObject } from "../../../src/activities/kubernetes/object.ts";
import type { Listed } from "../../../src/activities/longhorn/choose.ts";
import { aboutPassedOver, newestOf } from "../../../src/activities/longhorn/newest.ts";
import { describeFailure } from "../../../src/failures.ts";

/** Which backup is the newest, where some are not complete: no volume starts empty, or with older data, in silence. */

const source = "pvc-1";
const labels = { KubernetesStatus: JSON.stringify({ namespace: "shop", pvcName: "data" }) };

function object(kind: string, name: string, more: Partial<KubernetesObject>): KubernetesObject {
  const metadata = { name, labels: { "backup-volume": source } };
  return { apiVersion: "longhorn.io/v1beta2", kind, metadata, ...more };
}

const complete = (name: string, at: string, own: object = labels) =>
  object("Backup", name, {
    status: {
      state: "Completed",
      volumeName: source,
      labels: own,
      url: `s3://b@r/?backup=${name}&volume=${source}`,
      volumeSize: "1",
      lastSyncedAt: at,
      snapshotCreatedAt: at,
    },
  });
/** As Longhorn has it once it has seen that it is there: it says neither whose it is nor how old. */
const unread = (name: string, messages: object = {}) => object("Backup", name, { spec: {}, status: { messages } });
const inState = (name: string, status: object) =>
  object("Backup", name, { spec: { snapshotName: name }, status: { volumeName: source, labels, ...status } });
const aboutVolume = (lastBackupName: string) =>
  object("BackupVolume", source, { spec: { volumeName: source }, status: { lastBackupName, labels } });

const older = complete("older", "2026-11-21T03:00:00Z");
const wanted = { volume: "shop-data", claim: "shop/data" };

const newest = (listed: Partial<Listed>, toTime: string | null = null) =>
  newestOf({ backups: [], backupVolumes: [], ...listed }, wanted, toTime, () => "say which");
function failure(listed: Partial<Listed>) {
  try {
    return { type: "none", message: `it took ${newest(listed).chosen?.backup.metadata.name ?? "none"}` };
  } catch (error) {
    return describeFailure(error);
  }
}

test("without any backup in the store there is none to restore: a first installation", () => {
  expect(newest({})).toEqual({ chosen: undefined, passedOver: [] });
  const others = object("Backup", "other", { status: { labels: { KubernetesStatus: "{}" }, volumeName: "x" } });
  const ofAnother = { ...complete("theirs", "2026-11-21T03:00:00Z", {}), metadata: { name: "theirs" } };
  expect(newest({ backups: [ofAnother] })).toEqual({ chosen: undefined, passedOver: [] });
  const claimed = { KubernetesStatus: JSON.stringify({ namespace: "wiki", pvcName: "data" }) };
  expect(newest({ backups: [{ ...others, status: { labels: claimed, state: "Error" } }] }).chosen).toBeUndefined();
});

test.each<[string, KubernetesObject, RegExp]>([
  [
    "Error",
    inState("bad", { state: "Error", error: "no space" }),
    /^bad \(Longhorn says Error of backup bad: no space\)$/,
  ],
  ["Unknown", inState("bad", { state: "Unknown" }), /^bad \(Longhorn says Unknown of backup bad\)$/],
  ["InProgress", inState("bad", { state: "InProgress", progress: 37 }), /^bad \(the backup is InProgress, 37 %\)$/],
  ["not begun", inState("bad", {}), /^bad \(the backup is not begun\)$/],
  [
    "not read",
    unread("bad", { error: "unexpected end of JSON" }),
    /^bad \(not read from the store: unexpected end of JSON\)$/,
  ],
  ["half read", inState("bad", { state: "Completed" }), /^bad \(the backup is Completed, but has no url/],
])("a volume whose only backup is %s is no first installation", (_, backup, says) => {
  const found = failure({ backups: [backup], backupVolumes: [aboutVolume("bad")] });
  expect(found.type).toBe("NO_BACKUP");
  const [, rest] = /^there are backups of claim shop\/data, but none that is complete: (.*)$/.exec(found.message) ?? [];
  expect(rest).toMatch(says);
});

test("one that was not read, and of which nobody can say whose it is, may be this one's", () => {
  expect(failure({ backups: [unread("strange")] })).toMatchObject({
    type: "NO_BACKUP",
    message:
      "there is no backup of claim shop/data that can be read, and of others nobody can say whose they are: strange (not read from the store)",
  });
  // Where there is a complete one, the strange one is of another volume.
  const strange = { ...unread("strange"), metadata: { name: "strange", labels: { "backup-volume": "pvc-9" } } };
  expect(newest({ backups: [older, strange] })).toMatchObject({ chosen: { backup: older }, passedOver: [] });
});

test("an older backup is not restored where one of the volume was not read", () => {
  const found = failure({ backups: [older, unread("new")] });
  expect(found).toMatchObject({
    type: "BACKUP_NOT_VERIFIED",
    message:
      "Longhorn cannot read new (not read from the store): of claim shop/data, and perhaps newer than the newest complete one, older of 2026-11-21T03:00:00Z",
  });
  expect(found).toHaveProperty("hint", "Mend what keeps Longhorn from reading it; then retry. Or say which.");
  expect(failure({ backups: [older, unread("new")], backupVolumes: [aboutVolume("new")] }).type).toBe(
    "BACKUP_NOT_VERIFIED",
  );
});

test("where the store names the complete one as its last, what was not read is older", () => {
  const listed = { backups: [older, unread("ancient")], backupVolumes: [aboutVolume("older")] };
  expect(newest(listed)).toEqual({ chosen: { backup: older, volume: source }, passedOver: [] });
});

test("one that failed is passed over, and told; one that is known to be older is not", () => {
  const failed = inState("failed", { state: "Error", error: "no space" });
  const ancient = inState("ancient", { state: "Error", snapshotCreatedAt: "2026-11-20T03:00:00Z" });
  const { chosen, passedOver } = newest({ backups: [older, failed, ancient] });
  expect(chosen?.backup).toBe(older);
  expect(aboutPassedOver(passedOver)).toBe(
    "; passed over, because not complete: failed (Longhorn says Error of backup failed: no space)",
  );
  expect(aboutPassedOver([])).toBe("");
});

test("who names a time gets the newest complete one of before, and reads what was passed over", () => {
  const { chosen, passedOver } = newest({ backups: [older, unread("new")] }, "2026-11-21T04:00:00Z");
  expect(chosen?.backup).toBe(older);
  expect(passedOver.map(({ name }) => name)).toEqual(["new"]);
});
