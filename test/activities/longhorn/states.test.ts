import { expect, test } from "vitest";
import type { KubernetesObject } from "../../../src/activities/kubernetes/object.ts";
import { backupState, restoreState, snapshotState } from "../../../src/activities/longhorn/states.ts";

const of = (kind: string, status: object, spec: object = {}): KubernetesObject => ({
  apiVersion: "longhorn.io/v1beta2",
  kind,
  metadata: { name: "one" },
  spec: spec as Record<string, unknown>,
  status: status as Record<string, unknown>,
});

test("a snapshot is taken when it has a time, whatever its error says until then", () => {
  const waiting = of("Snapshot", { creationTime: "", error: "the volume engine is not running" });
  expect(snapshotState(undefined)).toMatchObject({ is: "working" });
  expect(snapshotState(waiting)).toEqual({
    is: "working",
    text: "the snapshot is not taken yet: the volume engine is not running",
  });
  const taken = of("Snapshot", { creationTime: "2026-11-21T03:00:00Z", readyToUse: false });
  expect(snapshotState(taken)).toEqual({ is: "done" });
});

const complete = {
  state: "Completed",
  url: "s3://b@r/?backup=one&volume=v",
  lastSyncedAt: "2026-11-21T03:00:05Z",
  snapshotCreatedAt: "2026-11-21T03:00:00Z",
  volumeSize: "67108864",
};

test.each(Object.keys(complete).filter((key) => key !== "state"))("Completed without %s is not complete", (key) => {
  expect(backupState(of("Backup", complete))).toEqual({ is: "done" });
  expect(backupState(of("Backup", { ...complete, [key]: "" }))).toEqual({
    is: "working",
    text: `the backup is Completed, but has no ${key} yet`,
  });
});

test("a backup says how far it is, and why it has failed", () => {
  expect(backupState(of("Backup", { state: "InProgress", progress: 37 }))).toEqual({
    is: "working",
    text: "the backup is InProgress, 37 %",
  });
  expect(backupState(of("Backup", { state: "Pending", messages: { warning: "no snapshot" } }))).toMatchObject({
    text: "the backup is Pending: warning: no snapshot",
  });
  for (const state of ["Error", "Unknown", "Deleting"])
    expect(backupState(of("Backup", { state, error: "no space" }))).toMatchObject({
      is: "failed",
      why: `Longhorn says ${state} of backup one: no space`,
    });
});

const url = "s3://b@r/?backup=one&volume=v";
const made = { fromBackup: url };
const restored = { restoreInitiated: true, restoreRequired: false, state: "detached", robustness: "unknown" };
const engine = (progress: number, error = ""): KubernetesObject => ({
  ...of("Engine", { restoreStatus: { "r-1": { progress: 90 }, "r-2": { progress, error } } }),
  metadata: { name: "one-e-0", labels: { longhornvolume: "one" } },
});

test("a volume is restored when the restore has begun, is not required any more, and has let go of it", () => {
  expect(restoreState(of("Volume", restored, made), [], url)).toEqual({ is: "done" });
  // Right after it was made, all of these are so although nothing has happened.
  for (const early of [{ restoreInitiated: false }, { restoreRequired: undefined }, { state: "attached" }])
    expect(restoreState(of("Volume", { ...restored, ...early }, made), [], url)).toMatchObject({ is: "working" });
});

test("a restore says how far the slowest replica is, and what its engine says", () => {
  const going = of("Volume", { ...restored, restoreRequired: true, state: "attached" }, made);
  expect(restoreState(going, [engine(37)], url)).toEqual({ is: "working", text: "37 % restored" });
  expect(restoreState(going, [engine(37, "EOF")], url)).toEqual({
    is: "working",
    text: "a replica cannot restore: EOF",
  });
  const other = { ...engine(1), metadata: { name: "two-e-0", labels: { longhornvolume: "two" } } };
  expect(restoreState(going, [other], url)).toMatchObject({ text: "the volume is attached" });
});

test("faulted, without a place, and from another backup are told apart", () => {
  const conditions = (type: string, reason: string, message: string) => ({
    conditions: [{ type, status: "False", reason, message }],
  });
  expect(restoreState(of("Volume", { ...restored, robustness: "faulted" }, made), [], url)).toMatchObject({
    is: "failed",
    why: "volume one is faulted: no replica of it is whole",
  });
  const failed = conditions("Restore", "RestoreFailure", "All replica restore failed");
  expect(restoreState(of("Volume", failed, made), [], url)).toMatchObject({
    is: "failed",
    why: "volume one is faulted: All replica restore failed",
  });
  const nowhere = conditions("Scheduled", "ReplicaSchedulingFailure", "no disk");
  expect(restoreState(of("Volume", nowhere, made), [], url)).toEqual({
    is: "working",
    text: "no place for the volume's replicas: ReplicaSchedulingFailure no disk",
  });
  expect(restoreState(of("Volume", restored, { fromBackup: "" }), [], url)).toMatchObject({
    is: "failed",
    why: "volume one is made from another backup: none",
  });
});
