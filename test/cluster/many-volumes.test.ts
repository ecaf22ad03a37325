import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { ChildProcess } from "node:child_process";
import type { History } from "@temporalio/common/lib/proto-utils.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitUntil } from "../../lab/cluster/kubectl.ts";
import { recheck } from "../../src/report/recheck.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { planFor } from "../support/cluster-drill.ts";
import type { DrillRun } from "../support/drill.ts";
import { createLonghornDrill, type LonghornDrill } from "../support/longhorn-drill.ts";
import { longhornComponent } from "../support/volume-app.ts";

/** Thirty volumes of a namespace, by one component. Everything is real but Longhorn itself (lab/longhorn). */

const namespace = "homes";
const count = 30;
const parallel = 6;
const claims = Array.from({ length: count }, (_, n) => `data-${n + 1}`);

let drill: LonghornDrill;
let worker: ChildProcess;
beforeAll(async () => {
  drill = await createLonghornDrill("c-many-volumes", []);
  await drill.configure({
    mayDestroy: claims.map((claim) => ({ cluster: drill.identity, claim: `${namespace}/${claim}` })),
  });
  await drill.apply(
    [`{ apiVersion: v1, kind: Namespace, metadata: { name: ${namespace} } }`, ...claims.map(app)].join("\n---\n"),
  );
  await waitUntil("all are up", 400_000, async () => (await ready()) === count);
  worker = await drill.startWorker();
}, 900_000);
afterAll(() => drill.remove());

const fill = (claim: string) =>
  `[ -e /data/own ] || { echo ${claim} > /data/own; head -c 70000 /dev/urandom > /data/more; }; touch /tmp/ready; exec sleep infinity`;

const app = (claim: string) => `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: ${claim}, namespace: ${namespace}, labels: { tier: home } }
spec: { accessModes: [ReadWriteOnce], storageClassName: longhorn, resources: { requests: { storage: 16Mi } } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: app-${claim}, namespace: ${namespace} }
spec:
  strategy: { type: Recreate }
  selector: { matchLabels: { app: ${claim} } }
  template:
    metadata: { labels: { app: ${claim} } }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: app
          image: localhost/busybox:1
          imagePullPolicy: Never
          command: [sh, -c, ${JSON.stringify(fill(claim))}]
          readinessProbe: { exec: { command: [test, -e, /tmp/ready] }, periodSeconds: 2 }
          volumeMounts: [{ name: data, mountPath: /data }]
      volumes: [{ name: data, persistentVolumeClaim: { claimName: ${claim} } }]
`;

/** kubectl, with words that hold no spaces. */
const k = (line: string) => drill.kubectl(...line.split(" "));
const ready = async () =>
  (await k(`-n ${namespace} get deployments -o jsonpath={.items[*].status.readyReplicas}`))
    .split(" ")
    .filter((one) => one === "1").length;
const uids = async () => (await k(`-n ${namespace} get pvc -o jsonpath={.items[*].metadata.uid}`)).split(" ");
const backups = async () =>
  (await k("-n longhorn-system get backups -o name")).split("\n").filter((line) => line !== "");
/** Of each volume the line by which its application knows it. */
const owners = async () =>
  await Promise.all(
    claims.map((claim) => drill.kubectl("-n", namespace, "exec", `deployment/app-${claim}`, "--", "cat", "/data/own")),
  );

const component = (more: object) => {
  const { claim: _, workload: __, ...rest } = longhornComponent(drill, namespace);
  return { ...rest, sentinel: "64 KiB", within: "10m", standstill: "3m", ...more };
};

/** Thirty volumes on a small machine. */
const objectives = { objectives: { rto: "1h", rpo: "1h" } };

/** Most memory of the worker's process while something goes on, in MiB. */
async function memoryDuring<T>(work: () => Promise<T>): Promise<{ result: T; most: number }> {
  let most = 0;
  let isOver = false;
  const watch = (async () => {
    while (!isOver) {
      const status = await readFile(`/proc/${worker.pid}/status`, "utf8").catch(() => "");
      most = Math.max(most, Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024);
      await sleep(250);
    }
  })();
  const result = await work().finally(() => (isOver = true));
  await watch;
  return { result, most };
}

async function historiesOf({ handle }: DrillRun): Promise<{ events: number; children: number[] }> {
  const lengthOf = ({ events }: History) => events?.length ?? 0;
  const own: History = await handle.fetchHistory();
  const ids = (own.events ?? []).flatMap(({ startChildWorkflowExecutionInitiatedEventAttributes: child }) =>
    child?.workflowType?.name === "volume" ? [child.workflowId!] : [],
  );
  const children = await Promise.all(
    ids.map(async (id) => lengthOf(await drill.client.workflow.getHandle(id).fetchHistory())),
  );
  return { events: lengthOf(own), children };
}

/** How many of the steps of a verb were under way at the same time. */
function mostAtOnce({ steps }: RunRecord, prefix: string): number {
  const of = steps.filter(({ id, component: name }) => name !== null && id === `${prefix}/${name}`);
  return Math.max(
    ...of.map(({ startedAt }) => of.filter((one) => one.startedAt! <= startedAt! && startedAt! < one.endedAt!).length),
  );
}

const done = ({ steps }: RunRecord, prefix: string) =>
  steps.filter(({ id, status }) => id.startsWith(`${prefix}/${namespace}-`) && status === "done").length;

test(
  "30 volumes are lost and come back, each proven, with short histories and hardly more memory than one takes",
  { timeout: 1_800_000 },
  async () => {
    await planFor(drill, [component({ claim: "data-1", workload: "deployment/app-data-1" })], objectives);
    const one = await memoryDuring(async () => (await drill.start("exercise", { scenario: "volume" })).end());
    expect(one.result).toMatchObject({ verdict: "PASS" });
    const [uidsBefore, backupsBefore] = [await uids(), await backups()];

    await planFor(drill, [component({ selector: { tier: "home" }, parallel })], objectives);
    const run = await drill.start("exercise", { scenario: "volume" });
    const { result: record, most } = await memoryDuring(() => run.end());
    expect(record).toMatchObject({ verdict: "PASS", refusals: [], diagnosis: [], leftovers: [] });
    expect(record.components.map(({ of, verdict, checks }) => [of?.claim, verdict, checks.length])).toEqual(
      claims.toSorted().map((claim) => [claim, "PASS", 5]),
    );
    expect(record.score.proven).toBe(count * 5);
    expect(recheck(record).found).toEqual([]);
    const { events, children } = await historiesOf(run);
    expect(events).toBeLessThanOrEqual(2_000);
    expect(Math.max(...children)).toBeLessThanOrEqual(60);
    expect(mostAtOnce(record, "restore")).toBeGreaterThan(1);
    expect(mostAtOnce(record, "restore")).toBeLessThanOrEqual(parallel);
    // Of some 500 MiB: five for each volume would be felt.
    expect(most - one.most).toBeLessThan(count * 5);
    // Each has another volume now, and each the one of its own.
    expect((await uids()).filter((uid) => uidsBefore.includes(uid))).toEqual([]);
    expect(await ready()).toBe(count);
    expect(await owners()).toEqual(claims);
    expect(await backups()).toHaveLength(backupsBefore.length + count);
  },
);

test(
  "a worker that is killed in the middle of the restores: the next one goes on, and nothing is done twice",
  { timeout: 1_800_000 },
  async () => {
    const before = await backups();
    const run = await drill.start("exercise", { scenario: "volume" });
    for (let now = await run.record(); done(now, "verify/place") < 3; now = await run.record()) await sleep(200);
    await drill.killWorker();
    worker = await drill.startWorker();
    const record = await run.end();
    expect(record).toMatchObject({ verdict: "PASS", leftovers: [] });
    expect(
      record.steps.filter(({ stretches }) => stretches.some(({ kind }) => kind === "died")).length,
    ).toBeGreaterThan(1);
    expect(recheck(record).found).toEqual([]);
    expect(await owners()).toEqual(claims);
    expect(await backups()).toHaveLength(before.length + count);
    const { events, children } = await historiesOf(run);
    expect(events).toBeLessThanOrEqual(2_000);
    expect(Math.max(...children)).toBeLessThanOrEqual(60);
  },
);
