import type { WorkflowHandle } from "@temporalio/client";
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker";
import { randomUUID } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { waitUntil } from "../../lab/cluster/kubectl.ts";
import { ensureGoPrograms } from "../../lab/go-programs.ts";
import { terminalTalk } from "../../lab/terminal.ts";
import { exists } from "../../src/activities/files.ts";
import type {
  LayerBuilt,
  LayerInspection,
  LayerLoss,
  PlannedDestruction,
} from "../../src/activities/infrastructure/verbs.ts";
import type { Done, RunRef } from "../../src/activities/verbs.ts";
import { describeFailure } from "../../src/failures.ts";
import type { Layer } from "../../src/plan/infrastructure-schema.ts";
import { findPlan } from "../../src/plan/load.ts";
import { createWorkplace, type Workplace } from "./drill.ts";
import type { OneStep, oneStep } from "./layer-workflow.ts";

/** Real drills of real infrastructure that is made of nothing but lines in a log. */
export interface Layers extends Workplace {
  /** Writes the files of a directory that may be destroyed. @returns the directory */
  write: (name: string, files: Record<string, string>) => Promise<string>;
  /** Of the worker: its programs, and what they need. */
  environment: Record<string, string>;
  /** Begins a run whose plan has this one layer. */
  begin: (layer: object, type?: RunRef["type"]) => Promise<LayerRun>;
  /** Lines of the log to which the layers' resources write. */
  log: () => Promise<string[]>;
  /**
   * A resource that writes "create NAME" and "destroy NAME" into the log. Before that it makes a file `at-NAME` and waits
   * while there is a file `hold-NAME`; its destruction fails while there is a file `fail-NAME`.
   */
  resource: (name: string, more?: string) => string;
  touch: (file: string) => Promise<void>;
  forget: (file: string) => Promise<void>;
  /** Waits for a file. */
  until: (file: string) => Promise<void>;
}

export interface LayerRun {
  ref: RunRef;
  layer: Layer;
  inspect: () => Promise<LayerInspection>;
  plan: (inspection: LayerInspection) => Promise<PlannedDestruction>;
  destroy: (inspection: LayerInspection, planned: PlannedDestruction) => Promise<LayerLoss>;
  apply: (planned?: PlannedDestruction | null) => Promise<LayerBuilt>;
  /** Both that come before the destruction. */
  prepare: () => Promise<[LayerInspection, PlannedDestruction]>;
  /** Begins a verb and does not wait for it. */
  start: (verb: "destroy" | "apply" | "plan", input: object) => Promise<WorkflowHandle<typeof oneStep>>;
}

// Many of these steps fail on purpose.
Runtime.install({ logger: new DefaultLogger("ERROR") });

/** Names of directories that the worker may destroy. */
const allowed = Array.from({ length: 40 }, (_, n) => [`s${n}`, `s${n}/live`]).flat();

export async function createLayers(): Promise<Layers> {
  const { tofu, terragrunt } = await ensureGoPrograms(["tofu", "terragrunt"], terminalTalk());
  const directory = await mkdtemp("/tmp/fd-");
  await chmod(directory, 0o755);
  const place = (name: string) => join(directory, "infra", name);
  const mayDestroy = allowed.map((name) => ({ infrastructure: place(name) }));
  const workplace = await createWorkplace(directory, { mayDestroy });
  await mkdir(join(directory, "bin"));
  await writeFile(join(directory, "empty.tfrc"), "");
  const logFile = join(directory, "effects.log");
  await writeFile(logFile, "");
  const environment = {
    PATH: [join(directory, "bin"), tofu, terragrunt, process.env["PATH"]].join(delimiter),
    TF_CLI_CONFIG_FILE: join(directory, "empty.tfrc"),
    TG_TF_PATH: join(tofu, "tofu"),
    LAYER_CANARY: "canary-of-the-environment",
  };
  const { queue, stop } = await startDriver(workplace.address);
  return {
    ...workplace,
    environment,
    startWorker: () => workplace.startWorker(environment),
    ensureWorker: () => workplace.ensureWorker(environment),
    async write(name, files) {
      for (const [file, text] of Object.entries(files)) {
        await mkdir(dirname(join(place(name), file)), { recursive: true });
        await writeFile(join(place(name), file), text);
      }
      return place(name);
    },
    log: async () => (await readFile(logFile, "utf8")).split("\n").filter((line) => line !== ""),
    resource: (name, more = "") => {
      const at = (verb: string) =>
        `touch ${directory}/at-${name}; while [ -e ${directory}/hold-${name} ]; do sleep 0.05; done; echo ${verb} ${name} >> ${logFile}`;
      return `
resource "terraform_data" "${name}" {
  provisioner "local-exec" {
    command = "${at("create")}"
  }
  provisioner "local-exec" {
    when    = destroy
    command = "test ! -e ${directory}/fail-${name} || { echo it broke >&2; exit 3; }; ${at("destroy")}"
  }
  ${more}
}
`;
    },
    touch: (file) => writeFile(join(directory, file), ""),
    forget: (file) => rm(join(directory, file), { force: true }),
    until: (file) => waitUntil(file, 90_000, () => exists(join(directory, file))),
    async begin(written, type = "exercise") {
      const name = `p${randomUUID().slice(0, 8)}`;
      await workplace.plan(
        [{ name: "none", kind: "pgdump", database: "none", dumps: "/none" }],
        { infrastructure: [written] },
        name,
      );
      for (const file of await readdir(directory)) if (/^(at|hold|fail)-/.test(file)) await rm(join(directory, file));
      const { plan, sha256 } = await findPlan(join(directory, "plans"), name);
      const layer = plan.infrastructure![0]!;
      const ref: RunRef = {
        id: name,
        short: name.slice(1),
        plan: name,
        planSha256: sha256,
        type,
        scenario: "database",
        nonce: "n",
        startedAt: new Date().toISOString(),
        tryNo: 0,
      };
      const queueFile = join(directory, "state", "host-queue");
      await waitUntil("a worker is there", 180_000, () => exists(queueFile));
      const start: LayerRun["start"] = async (verb, input) => {
        const args: [OneStep] = [
          {
            activity: `${verb as "destroy"}Infrastructure`,
            step: `${verb}/${layer.name}`,
            input: { run: ref, layer, ...input },
            queue: await readFile(queueFile, "utf8"),
            lock: `infrastructure${layer.directory}`,
          },
        ];
        return await workplace.client.workflow.start<typeof oneStep>("oneStep", {
          taskQueue: queue,
          workflowId: `step-${randomUUID()}`,
          args,
        });
      };
      const call = async <T>(verb: string, input: object): Promise<T> => {
        const handle = await start(verb as "destroy", input);
        return ((await handle.result()) as Done<T>).value;
      };
      const run: LayerRun = {
        ref,
        layer,
        start,
        inspect: () => call("inspect", {}),
        plan: (inspection) => call("plan", { inspection }),
        destroy: (inspection, planned) => call("destroy", { inspection, planned }),
        apply: (planned = null) => call("apply", { planned }),
        async prepare() {
          const inspection = await run.inspect();
          return [inspection, await run.plan(inspection)];
        },
      };
      return run;
    },
    async remove() {
      await workplace.killWorker();
      await stop();
      await workplace.remove();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A worker of the test's own that runs the workflow of layer-workflow.ts. */
async function startDriver(address: string): Promise<{ queue: string; stop: () => Promise<void> }> {
  const workflowsPath = fileURLToPath(new URL("layer-workflow.ts", import.meta.url));
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger("ERROR") });
  const connection = await NativeConnection.connect({ address });
  const queue = `layers-${randomUUID()}`;
  const worker = await Worker.create({ connection, namespace: "default", taskQueue: queue, workflowBundle });
  const running = worker.run();
  return {
    queue,
    async stop() {
      worker.shutdown();
      await running;
      await connection.close();
    },
  };
}

/** Type and message of what a step failed with. */
export async function failureOf(promise: Promise<unknown>): Promise<{ type: string; message: string; hint: string }> {
  return await promise.then(
    (value) => {
      throw new Error(`it did not fail: ${JSON.stringify(value)}`);
    },
    (error: unknown) => describeFailure((error as { cause?: unknown }).cause ?? error),
  );
}
