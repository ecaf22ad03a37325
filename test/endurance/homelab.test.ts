import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startApiServer } from "../../lab/cluster/control-plane.ts";
import { waitUntil } from "../../lab/cluster/kubectl.ts";
import { findSandbox, stopWithin } from "../../lab/cluster/sandbox.ts";
import { writeOrders } from "../../lab/longhorn/orders.ts";
import { ordersFile } from "../../lab/services/services.ts";
import { outline } from "../../src/plan/outline.ts";
import { runName } from "../../src/report/begin.ts";
import { recheck } from "../../src/report/recheck.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { type DevServer, startDevServer } from "../../src/temporal/dev-server.ts";
import type { Hold, Rule } from "../hook/rules.ts";
import { type DrillRun, step } from "../support/drill.ts";
import { createHomelabDrill, type HomelabDrill, homelabComponents, homelabPlan } from "../support/homelab-drill.ts";
import { nothingTwice, type Watch, watchHomelab } from "../support/homelab-watch.ts";
import { noteRow, rowsOfRun } from "../support/matrix.ts";

/**
 * What happens beside the drill of a whole homelab while it runs. Each ends in PASS, and by the logs of the provider, of both API
 * servers and of the store each thing was done once: machines deleted and made, backups, volumes and claims.
 */

const name = "test-endure-homelab";
const volumes = 3;
const awayMs = 120_000;

type Harm = "worker killed" | "Temporal server killed" | "API server away for 120 s" | "run terminated, and resumed";

/** A moment that the worker's hooks can hold, or one that the world's logs tell of. */
type At = Pick<Rule, "moment" | "step"> | ((watch: Watch) => Promise<boolean>);

interface Hit {
  step: string;
  moment: string;
  at: At;
  harm: Harm;
}

/** One drill, which is hit once or several times. */
interface Row {
  title: string;
  hits: Hit[];
}

const steps = outline(
  "exercise",
  "cluster",
  [
    { name: "homelab", kind: "cluster" },
    { name: "data", kind: "longhorn" },
  ],
  { layers: ["machines"] },
)
  .map(({ id }) => id)
  // The guards only think.
  .filter((id) => !id.endsWith("/guards"));

const begins = (id: string, harm: Harm): Hit => {
  return { step: id, moment: "begins", at: { moment: "step-begin", step: `^${id}$` }, harm };
};
const returned = (id: string, harm: Harm): Hit => {
  return { step: id, moment: "returned", at: { moment: "step-end", step: `^${id}$` }, harm };
};

const told =
  (effect: string): At =>
  async ({ hands }) =>
    (await hands()).includes(effect);
/** Data is on its way to the store; what is slow takes a while from there. */
const backingUp: At = async ({ stored }) => (await stored()).some(({ object }) => object.endsWith(".blk"));
const restoring: At = async ({ now }) =>
  (await now()).some(
    ({ user, verb, resource }) => user.startsWith("firedrill") && verb === "create" && resource === "volumes",
  );

const middles: [string, string, At][] = [
  ["backup/data", "data is being written", backingUp],
  ["destroy/layer/machines", "the machine is being deleted", told("machine-delete begins")],
  ["rebuild/layer/machines", "the machine is being made", told("machine-create begins")],
  ["restore/data", "volumes are being restored", restoring],
];
const inTheMiddle = (harm: Harm): Hit[] => middles.map(([id, moment, at]) => ({ step: id, moment, at, harm }));

const rows: Row[] = [
  { title: "nothing", hits: [] },
  { title: "the worker is killed in the middle of what takes long", hits: inTheMiddle("worker killed") },
  { title: "the Temporal server is killed there", hits: inTheMiddle("Temporal server killed") },
  {
    title: "the API server is away before the destruction, and after it",
    hits: ["backup/data", "restore/data"].map((id) => begins(id, "API server away for 120 s")),
  },
  ...["rebuild/control/homelab", "rebuild/homelab"].map((id) => {
    return { title: `the run is terminated when ${id} begins`, hits: [begins(id, "run terminated, and resumed")] };
  }),
  {
    title: "the run is terminated in the middle of the restore",
    hits: inTheMiddle("run terminated, and resumed").slice(-1),
  },
  { title: "the worker is killed when each step begins", hits: steps.map((id) => begins(id, "worker killed")) },
  { title: "the worker is killed when each step has returned", hits: steps.map((id) => returned(id, "worker killed")) },
];

let directory: string;
let server: DevServer;
/** Of a row that failed nobody knows in which state it leaves the homelab: the next one gets another. */
let stage: HomelabDrill | undefined;
let running: DrillRun | undefined;

async function startServer(port = 0): Promise<void> {
  server = await startDevServer({ directory, port, uiPort: 0, ui: false, say: (line) => console.log(line) });
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "firedrill-endurance-"));
  await startServer();
});
afterAll(async () => {
  await stage?.remove();
  await server.stop();
  await rm(directory, { recursive: true });
});

test("every step is hit when it begins and when it has returned", () => {
  expect(steps).toHaveLength(21);
  for (const moment of ["begins", "returned"]) {
    const hit = rows.flatMap(({ hits }) => hits).filter((one) => one.harm === "worker killed" && one.moment === moment);
    expect(hit.map((one) => one.step)).toEqual(steps);
  }
});

test.each(rowsOfRun(rows).map((row) => [row.title, row] as const))("%s", { timeout: 1_200_000 }, async (_, row) => {
  try {
    await endure(row);
  } catch (error) {
    // It would keep the next ones from the infrastructure.
    await running?.handle.terminate("its row failed").catch(() => "it has ended");
    await stage?.remove();
    stage = undefined;
    throw error;
  }
});

async function setStage(): Promise<HomelabDrill> {
  if (stage !== undefined) return stage;
  const drill = await createHomelabDrill(name, true, server.address);
  // After an outage the controllers of Kubernetes take their time.
  const patient = homelabComponents(drill).map((one) => ({ ...one, within: "10m", standstill: "4m" }));
  await drill.plan(patient, homelabPlan(drill, { objectives: { rto: "30m" } }));
  return (stage = drill);
}

async function endure(row: Row): Promise<void> {
  const drill = await setStage();
  await drill.hooks.clear();
  const isSlow = row.hits.some(({ at }) => at === backingUp || at === restoring);
  await writeOrders(ordersFile(drill.stage.services), isSlow ? [{ misbehave: "slow" }] : []);
  const watch = await watchHomelab(drill);
  try {
    await drillWith(row, drill, watch);
  } finally {
    await watch.close();
  }
}

async function drillWith(row: Row, drill: HomelabDrill, watch: Watch): Promise<void> {
  const [first, ...others] = row.hits;
  let hold = await holdAt(first);
  await drill.ensureWorker();
  const startedAt = performance.now();
  let run = (running = await drill.start("exercise", { scenario: "cluster" }));
  for (const hit of row.hits) {
    await reach(hit, hold, watch, run);
    const next = others.shift();
    const passed = hold;
    running = run = await strike(hit, run, async () => {
      await passed?.release();
      hold = await holdAt(next);
    });
  }
  const record = await run.end();
  const seconds = (performance.now() - startedAt) / 1_000;
  expect(record, record.summary).toMatchObject({ verdict: "PASS", refusals: [], diagnosis: [], leftovers: [] });
  const checks = record.components.flatMap((one) => one.checks);
  expect(checks.filter(({ proven, passed }) => !proven || !passed)).toEqual([]);
  expect(recheck(record).found).toEqual([]);
  await nothingTwice(watch, volumes);
  expect(await drill.sentinels()).toEqual([]);
  for (const hit of row.hits) tellsOf(hit, record);
  for (const hit of row.hits.length > 0 ? row.hits : [undefined]) await note(hit, record, seconds);
}

async function holdAt(hit: Hit | undefined): Promise<Hold | undefined> {
  return hit === undefined || typeof hit.at === "function" ? undefined : await stage!.hooks.hold(hit.at);
}

async function reach({ step: id, at }: Hit, hold: Hold | undefined, watch: Watch, run: DrillRun): Promise<void> {
  if (hold !== undefined) await hold.reached(300_000);
  if (typeof at !== "function") return;
  await waitUntil(`${id} is in the middle`, 300_000, async () => await at(watch));
  expect(step(await run.record(), id).status).toBe("running");
}

/** @param goOn lets what is held go, and holds what comes next @returns the run that goes on */
async function strike({ harm, step: id }: Hit, run: DrillRun, goOn: () => Promise<void>): Promise<DrillRun> {
  const drill = stage!;
  switch (harm) {
    case "worker killed":
      await drill.killWorker();
      await goOn();
      await drill.startWorker();
      return run;
    case "Temporal server killed":
      process.kill(server.pid, "SIGKILL");
      await server.exited;
      await goOn();
      await sleep(3_000);
      await startServer(Number(server.address.split(":")[1]));
      return run;
    case "API server away for 120 s": {
      const sandbox = (await findSandbox(name))!;
      await stopWithin(sandbox, "kube-apiserver");
      await goOn();
      await sleep(awayMs);
      await startApiServer(sandbox, drill.built);
      return run;
    }
    case "run terminated, and resumed": {
      await run.handle.terminate("test");
      await goOn();
      await run.handle.result().catch(() => "it was closed");
      const { run: ended } = await run.record();
      const file = join(drill.directory, "records", runName(ended), "report.json");
      // What the worker lets go when it cleans up after it must not harm the run that goes on.
      const closed = async () => JSON.parse(await readFile(file, "utf8")) as RunRecord;
      await waitUntil("the worker cleaned up after it", 60_000, async () => (await closed()).endedAt !== null);
      const held = (await closed()).leftovers.map(({ where }) => where).filter((where) => where.includes("held back"));
      // From the moment on at which GitOps is there.
      expect(held).toEqual(id === "rebuild/control/homelab" ? [] : ["layer apps is held back"]);
      return await drill.start("exercise", { scenario: "cluster", resume: runName(ended), by: "carla" });
    }
  }
}

const secondsOf = ({ from, to }: { from: string; to: string }) => (Date.parse(to) - Date.parse(from)) / 1_000;

/** The record says where the time went: to a server that did not answer, or into an attempt that died. */
function tellsOf({ harm, step: id, moment }: Hit, record: RunRecord): void {
  const { attempts, stretches } = step(record, id);
  const kinds = stretches.map(({ kind }) => kind);
  if (harm === "run terminated, and resumed") {
    const mustNotBeTwice = record.steps.filter((one) => /^(plant|backup|destroy)\/(?!guards)/.test(one.id));
    expect(mustNotBeTwice.filter(({ carriedOver }) => !carriedOver)).toEqual([]);
    expect(record.earlier).toHaveLength(1);
  } else if (harm === "worker killed") {
    // An attempt that had only begun may have left no trace.
    if (moment === "begins" && attempts === 1) return expect({ id, kinds }).toEqual({ id, kinds: ["ran"] });
    expect({ id, attempts }).toEqual({ id, attempts: 2 });
    // What had returned had ended well; the server was not told.
    expect({ id, kinds }).toEqual({ id, kinds: [moment === "returned" ? "ran" : "died", "resuming", "ran"] });
  } else {
    expect({ id, attempts }).toEqual({ id, attempts: 1 });
    const silences = stretches.filter((one) => one.kind === "unanswered");
    const isApi = harm === "API server away for 120 s";
    for (const { by } of silences) expect(by).toBe(isApi ? "API server" : "Temporal server");
    // A step that ends before Temporal has been away for three seconds has nothing to tell.
    if (!isApi) return expect(silences.length).toBeLessThan(2);
    expect({ id, kinds }).toEqual({ id, kinds: ["ran", "unanswered", "ran"] });
    // The step asks for the first time a moment after it was taken away.
    expect(secondsOf(silences[0]!)).toBeGreaterThan(awayMs / 1_000 - 5);
  }
}

async function note(hit: Hit | undefined, record: RunRecord, seconds: number): Promise<void> {
  const of = hit && step(record, hit.step);
  const lost =
    of?.stretches.filter(({ kind }) => kind === "died" || kind === "resuming" || kind === "unanswered") ?? [];
  await noteRow({
    drill: "whole cluster",
    harm: hit?.harm ?? "none",
    step: hit?.step ?? "",
    moment: hit?.moment ?? "",
    attempts: of?.attempts ?? "",
    "step took (s)": of ? secondsOf({ from: of.startedAt!, to: of.endedAt! }).toFixed(1) : "",
    "lost (s)": of ? lost.reduce((sum, one) => sum + secondsOf(one), 0).toFixed(1) : "",
    "RTO (s)": record.rto.seconds?.toFixed(1) ?? "",
    "drill took (s)": seconds.toFixed(1),
    verdict: record.verdict ?? "",
  });
}
