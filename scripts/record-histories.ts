/**
 * Records the history of one run of each shape with today's workflows: node scripts/record-histories.ts VERSION. Only for a
 * version that is about to be released: a history that exists is never written anew, because runs in flight are like it.
 * The steps are the fakes of the tests, so that a history holds nothing of this machine.
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Client, WorkflowHandle } from "@temporalio/client";
import { historyToJSON } from "@temporalio/common/lib/proto-utils.js";
import { bundleWorkflowCode, DefaultLogger, type NativeConnection, Worker } from "@temporalio/worker";
import { connectClient, connectWorker } from "../src/temporal/connect.ts";
import { startDevServer } from "../src/temporal/dev-server.ts";
import { fakeActivities } from "../test/support/fake-activities.ts";
import { type Act, type Shape, shapes } from "../test/support/history-shapes.ts";
import { twoComponents } from "../test/support/plans.ts";

interface Temporal {
  client: Client;
  connection: NativeConnection;
  bundle: { code: string };
}

const taskQueue = "firedrill";
const directory = fileURLToPath(new URL("../test/histories/", import.meta.url));

async function record({ client, connection, bundle }: Temporal, name: string, shape: Shape): Promise<string> {
  const planOf = shape.planOf ?? twoComponents;
  const fakes = fakeActivities(planOf(shape.plan), taskQueue, shape.behaviours);
  fakes.resumed = shape.resumed?.();
  if (shape.sha256 !== undefined) fakes.file = { ...fakes.file, sha256: shape.sha256 };
  const sinks = { recorder: { save: { fn: () => {}, callDuringReplay: false } } };
  const newWorker = async () => {
    const worker = await Worker.create({
      connection,
      taskQueue,
      workflowBundle: bundle,
      activities: fakes.activities,
      sinks,
      identity: "worker",
      stickyQueueScheduleToStartTimeout: "1s",
      maxHeartbeatThrottleInterval: "100ms",
    });
    return { worker, done: worker.run() };
  };
  let current = await newWorker();
  const stop = async () => {
    current.worker.shutdown();
    await current.done;
  };
  const args = [{ plan: "both", by: "anna", reason: name, ...shape.input }];
  const handle = await client.workflow.start(shape.type, { taskQueue, workflowId: name, args });
  const restart = async () => {
    await stop();
    current = await newWorker();
  };
  try {
    await shape.act?.(actOn(handle, restart));
    await handle.result().catch(() => "anything but a PASS fails the workflow");
  } finally {
    await stop();
  }
  const history = await handle.fetchHistory();
  if (shape.child === undefined) return neutral(historyToJSON(history));
  const children = history.events!.flatMap(({ startChildWorkflowExecutionInitiatedEventAttributes: child }) =>
    child?.workflowType?.name === "volume" ? [child.workflowId!] : [],
  );
  return neutral(historyToJSON(await client.workflow.getHandle(children[shape.child]!).fetchHistory()));
}

function actOn(handle: WorkflowHandle, restart: () => Promise<void>): Act {
  return {
    handle,
    restart,
    decide: async (step, action) => {
      await handle.executeUpdate("decide", { args: [{ step, action, by: "bert", reason: "because" }] });
    },
    async until(step, status) {
      for (;;) {
        const { steps } = await handle.query<{ steps: { id: string; status: string }[] }>("record");
        if (steps.find(({ id }) => id === step)?.status === status) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  };
}

/** Who asked and on which machine is nobody's business, and no matter for a replay. One event a line. */
function neutral(history: string): string {
  const silent = history
    .replaceAll(/"identity": "[^"]*"/g, '"identity": "anybody"')
    .replaceAll(/"stackTrace": "(?:\\.|[^"\\])*"/g, '"stackTrace": ""');
  const { events } = JSON.parse(silent) as { events: object[] };
  const text = `{"events":[\n${events.map((event) => JSON.stringify(event)).join(",\n")}\n]}\n`;
  const decoded =
    text +
    [...text.matchAll(/"data":"([^"]+)"/g)].map(([, data]) => Buffer.from(data!, "base64").toString()).join("\n");
  for (const own of [hostname(), tmpdir(), process.cwd()])
    if (own.length > 2 && decoded.includes(own)) throw new Error(`the history names ${own}`);
  return text;
}

async function main(version: string | undefined): Promise<void> {
  if (version === undefined) throw new Error("give the version that is released, such as 0.2.0");
  const home = await mkdtemp(join(tmpdir(), "firedrill-histories-"));
  const server = await startDevServer({
    directory: home,
    port: 0,
    uiPort: 0,
    ui: false,
    say: (line) => console.log(line),
  });
  const settings = { address: server.address, namespace: "default" };
  const [{ client, close }, { connection }] = await Promise.all([connectClient(settings), connectWorker(settings)]);
  const workflowsPath = fileURLToPath(new URL("../src/workflows/index.ts", import.meta.url));
  const bundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger("WARN") });
  try {
    for (const [name, shape] of Object.entries(shapes)) {
      const file = join(directory, `${name}-${version}.json`);
      if (existsSync(file)) console.log(`${file} stays as it is`);
      else {
        await writeFile(file, await record({ client, connection, bundle }, name, shape));
        console.log(`wrote ${file}`);
      }
    }
  } finally {
    await close();
    await connection.close();
    await server.stop();
    await rm(home, { recursive: true });
  }
}

await main(process.argv[2]);
