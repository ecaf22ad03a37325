import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll } from "vitest";
import { clusterLock, databaseLock } from "../../src/activities/postgres/locks.ts";
import { lockWorkflowId } from "../../src/lock-names.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { type Drill, pgdump } from "../support/drill.ts";
import { canMount } from "./damage.ts";
import { type DrillRun, next, type Sabotage, sabotages, type Stage } from "./driver.ts";
import { at, dumpsOf, pgdumpStage, runDirectoryOf } from "./pgdump-stage.ts";

/** What is wrong with what a run holds: its locks, the consent of people, the worker's own files, disks. */

let stage: Stage;
beforeAll(async () => void (stage = await pgdumpStage()));
afterAll(() => stage.drill.remove());

const lockOf = ({ client }: Drill, name: string) => client.workflow.getHandle(lockWorkflowId(name));

const locks: Sabotage[] = [
  {
    name: "somebody takes the whole server between proof and loss",
    when: at.destroy,
    how: "workflow lock with the cluster's ID started by hand",
    does: ({ client, server }) => {
      const workflowId = lockWorkflowId(clusterLock(server.systemIdentifier));
      return client.workflow.start("lock", { workflowId, taskQueue: "nobody" });
    },
    undo: (drill) => lockOf(drill, clusterLock(drill.server.systemIdentifier)).terminate(),
    expects: {
      verdict: "FAIL",
      says: /is locked by workflow firedrill\/target\/postgres\/\d+, which no/,
      untouched: true,
    },
  },
  {
    name: "somebody ends the run's lock before the loss",
    when: at.proof,
    how: "temporal workflow terminate of the lock",
    does: (drill) => lockOf(drill, databaseLock(drill.server.systemIdentifier, "shop")).terminate(),
    expects: { verdict: "refused", says: /is not locked for this run: .* ended by hand/, untouched: true },
  },
];

/** Plans that ask for an approval, which is given before the guards are asked. */
const approving = (within: string): Pick<Sabotage, "before"> => ({
  before: (drill) => drill.plan(pgdump(drill), { approvals: { destroy: 1, within } }),
});
const approve = (run: DrillRun) => run.handle.executeUpdate("approve", { args: [{ by: "bert", reason: "agreed" }] });

const consents: Sabotage[] = [
  {
    name: "the plan is changed between approval and destruction",
    ...approving("1h"),
    when: at.proof,
    how: "approved by another person; then another objective in the plan's file as the destruction begins",
    does: async (drill, run) => {
      await approve(run);
      const change = { approvals: { destroy: 1, within: "1h" }, objectives: { rto: "1h" } };
      await next(drill, at.destroy, () => drill.plan(pgdump(drill), change));
    },
    expects: { verdict: "FAIL", says: /plan drill was changed since this run began/, untouched: true },
  },
  {
    name: "the approval is too old when the destruction begins",
    ...approving("6s"),
    when: at.proof,
    how: "an approval that counts for 6 s, and 7 s of waiting as the destruction begins",
    does: async (drill, run) => {
      await approve(run);
      await next(drill, at.destroy, () => sleep(7_000));
    },
    expects: { verdict: "FAIL", says: /needs 1 approvals .* nobody has given one that still counts/, untouched: true },
  },
  {
    name: "nobody but who started it approves",
    ...approving("3s"),
    when: at.proof,
    how: "the approval of who started the run",
    does: async (_, run) => {
      await run.handle.signal("approve", { by: "Anna", reason: "me" });
    },
    expects: { verdict: "FAIL", says: /0 of 1 people have approved/, untouched: true },
  },
];

const ofWorker: Sabotage[] = [
  {
    name: "the file with the moment of destruction is cut",
    when: at.dropped,
    how: "destroy.shop.json truncated to 9 bytes, worker killed with -9 and started again",
    does: async (drill, run) => {
      const file = join(await runDirectoryOf(drill, run), "destroy.shop.json");
      await drill.killWorker();
      await truncate(file, 9);
      await drill.startWorker();
    },
    expects: { verdict: "FAIL", says: /destroy\.shop\.json is no JSON: it was cut or overwritten/ },
  },
  {
    name: "the file with a step's attempts is cut",
    when: { moment: "connect", step: "^restore/shop$" },
    how: "attempts/restore.shop.0.json truncated to 9 bytes, worker killed with -9 and started again",
    does: async (drill, run) => {
      const attempts = join(await runDirectoryOf(drill, run), "attempts");
      await writeFile(join(attempts, "restore.shop.0.json"), '[{"starte');
      await drill.killWorker();
      await drill.startWorker();
    },
    expects: { verdict: "FAIL", says: /restore\.shop\.0\.json is no JSON: it was cut or overwritten/ },
  },
];

const mounted = (directory: (drill: Drill, run: { directory: string }) => string, ...options: string[]) => ({
  does: async (drill: Drill, run: Parameters<NonNullable<Sabotage["does"]>>[1]) => {
    place = directory(drill, await run.record());
    await execa("mount", [...options, ...(options[0] === "-t" ? ["tmpfs"] : [place]), place]);
    if (options.includes("--bind")) await execa("mount", ["-o", "remount,ro,bind", place]);
  },
  undo: async () => void (await execa("umount", ["-l", place])),
});
let place = "";

const disks: Sabotage[] = !canMount
  ? []
  : [
      {
        name: "the disk is full while the database is dumped",
        when: at.backup,
        how: "a tmpfs of 200 kB mounted on the directory of dumps",
        ...mounted(dumpsOf, "-t", "tmpfs", "-o", "size=200k"),
        expects: { verdict: "FAIL", says: /no space left/i, untouched: true },
      },
      {
        name: "the disk is full when the record is written",
        when: at.cleanup,
        how: "a tmpfs of 4 kB mounted on the run's directory of records",
        ...mounted((_, { directory }) => directory, "-t", "tmpfs", "-o", "size=4k"),
        expects: { verdict: "FAIL", says: /no space left/i, noReport: true },
      },
      {
        name: "the directory of the report is read-only",
        when: at.cleanup,
        how: "the run's directory of records mounted on itself, read-only",
        ...mounted((_, { directory }) => directory, "--bind"),
        expects: { verdict: "FAIL", says: /may not write .*EROFS/i, noReport: true },
      },
    ];

sabotages(() => stage, [...locks, ...consents, ...ofWorker, ...disks]);
