import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { type ApiProxy, startApiProxy } from "../../lab/cluster/api-proxy.ts";
import { deletionsOf } from "../../lab/cluster/audit.ts";
import { startApiServer } from "../../lab/cluster/control-plane.ts";
import { stopWithin } from "../../lab/cluster/sandbox.ts";
import { outline } from "../../src/plan/outline.ts";
import { recheck } from "../../src/report/recheck.ts";
import type { RunRecord } from "../../src/report/record.ts";
import type { Rule } from "../hook/rules.ts";
import {
  bringUp,
  type ClusterDrill,
  createClusterDrill,
  namespaceComponent,
  planFor,
  smallApp,
} from "../support/cluster-drill.ts";
import { type DrillRun, step } from "../support/drill.ts";
import { noteRow, rowsOfRun } from "../support/matrix.ts";

/**
 * What happens to a drill of a namespace beside the drill, in each of its steps: the API server is killed and away for a
 * minute, the worker is killed, connections are reset. Each ends in PASS, and deletes the namespace once.
 */

type Harm = "API server away for 60 s" | "worker killed" | "connections reset";

interface Row {
  step: string;
  moment: string;
  at: Pick<Rule, "moment" | "step" | "what">;
  harm: Harm;
}

const namespace = "shop";
const steps = outline("exercise", "namespace", [{ name: namespace, kind: "namespace" }])
  .map(({ id }) => id)
  .filter((id) => id.endsWith(`/${namespace}`));
const awayMs = 60_000;

const begins = (id: string) => ({ moment: "step-begin", step: `^${id}$` }) as const;
const returned = (id: string) => ({ moment: "step-end", step: `^${id}$` }) as const;
/** The loss is noted before the deletion is asked for, and the times of what is back while it is watched. */
const notes = (id: string) => ({ moment: "file-end", step: `^${id}$`, what: "rename .*recovery-" }) as const;
const inTheMiddle = [`destroy/${namespace}`, `rebuild/${namespace}`];

const rows: Row[] = [
  ...steps.map((id): Row => {
    const middle = inTheMiddle.includes(id);
    const moment = middle ? "in the middle" : "at its beginning";
    return { step: id, moment, at: middle ? notes(id) : begins(id), harm: "API server away for 60 s" };
  }),
  ...steps.map((id): Row => ({ step: id, moment: "returned", at: returned(id), harm: "worker killed" })),
  ...inTheMiddle.map((id): Row => ({ step: id, moment: "in the middle", at: notes(id), harm: "worker killed" })),
  ...inTheMiddle.map((id): Row => ({ step: id, moment: "in the middle", at: notes(id), harm: "connections reset" })),
];

/** Of a row that failed nobody knows in which state it leaves the cluster: the next one gets another. */
let stage: { drill: ClusterDrill; proxy: ApiProxy } | undefined;

async function setStage() {
  if (stage !== undefined) return stage;
  const drill = await createClusterDrill("test-endurance", [namespace], true);
  const { layout } = drill.sandbox;
  const proxy = await startApiProxy(layout, join(drill.directory, "proxied.kubeconfig"));
  await bringUp(drill, namespace, { files: smallApp(layout, namespace) });
  return (stage = { drill, proxy });
}

async function removeStage(): Promise<void> {
  await stage?.proxy.close();
  await stage?.drill.remove();
  stage = undefined;
}
afterAll(removeStage);

test("every step of a component is hit by each kind of harm", () => {
  expect(steps).toHaveLength(6);
  for (const harm of ["API server away for 60 s", "worker killed"])
    expect(new Set(rows.filter((row) => row.harm === harm).map((row) => row.step))).toEqual(new Set(steps));
});

test.each(rowsOfRun(rows).map((row) => [`${row.harm}: ${row.step}, ${row.moment}`, row] as const))(
  "%s",
  async (_, row) => {
    try {
      await endure(row);
    } catch (error) {
      await removeStage();
      throw error;
    }
  },
);

async function endure(row: Row): Promise<void> {
  const { drill, proxy } = await setStage();
  const { layout } = drill.sandbox;
  const kubeconfig = { file: row.harm === "connections reset" ? proxy.kubeconfig : layout.kubeconfig };
  // After an outage the controllers of Kubernetes take their time.
  const patient = namespaceComponent(namespace, { within: "5m", standstill: "3m" });
  await planFor(drill, [patient], { access: { kubeconfig }, objectives: { rto: "10m" } });
  await drill.ensureWorker();
  await drill.hooks.clear();
  // Flux may still be at work on what the row before has rebuilt.
  await drill.kubectl(..."-n flux-system wait kustomization --all --for=condition=Ready --timeout=50s".split(" "));
  const uid = () => drill.kubectl("get", "namespace", namespace, "-o", "jsonpath={.metadata.uid}");
  const [before, deletions] = [await uid(), await deletionsOf(layout, namespace)];
  const hold = await drill.hooks.hold(row.at);
  const startedAt = performance.now();
  const run = await drill.start("exercise", { scenario: "namespace" });
  await hold.reached();
  const cuts = await strike(row, run, () => hold.release());
  const record = await run.end();
  const seconds = (performance.now() - startedAt) / 1_000;

  expect(record, record.summary).toMatchObject({ verdict: "PASS", diagnosis: [], leftovers: [] });
  expect((await deletionsOf(layout, namespace)).slice(deletions.length)).toEqual([{ user: "firedrill", status: 200 }]);
  expect(await uid()).not.toBe(before);
  expect(recheck(record).found).toEqual([]);
  tellsOf(row, record);
  if (row.harm === "connections reset") expect(cuts).toBeGreaterThan(2);
  await noteRow({
    drill: "namespace",
    harm: row.harm,
    step: row.step,
    moment: row.moment,
    attempts: step(record, row.step).attempts,
    "step took (s)": spanOf(record, row.step).toFixed(1),
    "RTO (s)": record.rto.seconds?.toFixed(1) ?? "",
    "drill took (s)": seconds.toFixed(1),
    ...(cuts > 0 && { resets: cuts }),
    verdict: record.verdict ?? "",
  });
}

/** @returns connections that were reset */
async function strike({ harm, step: id }: Row, run: DrillRun, release: () => Promise<void>): Promise<number> {
  const { drill, proxy } = stage!;
  const { sandbox, built } = drill;
  if (harm === "worker killed") {
    await drill.killWorker();
    await release();
    await drill.startWorker();
    return 0;
  }
  if (harm === "API server away for 60 s") {
    await stopWithin(sandbox, "kube-apiserver");
    await release();
    await sleep(awayMs);
    await startApiServer(sandbox, built);
    return 0;
  }
  let cuts = proxy.cut();
  await release();
  // Again and again, for as long as the step goes on.
  for (let status = "running"; status === "running"; await sleep(1_000)) {
    cuts += proxy.cut();
    status = step(await run.record(), id).status;
  }
  return cuts;
}

const spanOf = (record: RunRecord, id: string) => {
  const { startedAt, endedAt } = step(record, id);
  return (Date.parse(endedAt!) - Date.parse(startedAt!)) / 1_000;
};

/** The record says where the time went: to a server that did not answer, or into an attempt that died. */
function tellsOf({ harm, step: id, moment }: Row, record: RunRecord): void {
  const { attempts, stretches } = step(record, id);
  const kinds = stretches.map(({ kind }) => kind);
  if (harm === "worker killed") {
    expect(attempts).toBe(2);
    // What had returned had ended well; the server was not told.
    expect(kinds).toEqual([moment === "returned" ? "ran" : "died", "resuming", "ran"]);
    return;
  }
  expect(attempts).toBe(1);
  // Each connection that is cut is made anew at once.
  if (harm === "connections reset") return expect(kinds).toEqual(["ran"]);
  expect(kinds).toEqual(["ran", "unanswered", "ran"]);
  const { by, from, to } = stretches[1]!;
  expect(by).toBe("API server");
  // The step asks for the first time a moment after it was taken away.
  expect((Date.parse(to) - Date.parse(from)) / 1_000).toBeGreaterThan(awayMs / 1_000 - 5);
  const lost = steps.indexOf(id) >= steps.indexOf(`destroy/${namespace}`);
  if (lost) expect(record.rto.seconds!).toBeGreaterThan(awayMs / 1_000 - 1);
}
