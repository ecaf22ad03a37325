import { existsSync } from "node:fs";
import { dirname, posix, resolve } from "node:path";
import * as z from "zod";
import { fail } from "./failures.ts";
import { checkText, formatProblems } from "./plan/problems.ts";
import { readText } from "./plan/read-text.ts";

/** The worker's own configuration: where things lie, and what it may destroy. Plans cannot change any of it. */

const directory = z
  .string()
  .min(1)
  .refine((text) => !text.startsWith("~"), 'must not begin with "~"; write the whole path')
  .meta({ title: "path", examples: ["/var/lib/firedrill"] });

const systemIdentifier = z
  .string()
  .regex(/^[0-9]{1,20}$/, "must be PostgreSQL's system identifier: digits only")
  .describe(
    "which server: `select system_identifier from pg_control_system()`; in quotes, because it is too long a number",
  )
  .meta({ examples: ["7412345678901234567"] });

const clusterUid = z
  .uuid("must be the uid of the cluster's namespace kube-system")
  .describe("which cluster: `kubectl get namespace kube-system -o jsonpath={.metadata.uid}`")
  .meta({ examples: ["1f0c7a52-6b5e-4a53-9d0e-0d5c3b8b6f1e"] });

const Destroyable = z.union([
  z.strictObject({
    systemIdentifier,
    database: z
      .string()
      .min(1)
      .max(63)
      .describe("the database that may be destroyed")
      .meta({ examples: ["shop"] }),
    server: z
      .string()
      .regex(/^\S+:[0-9]{1,5}$/, "must be host and port as the plan writes them, such as db.lan:5432")
      .describe("host:port as in the plan; a physical copy of the server has the same identifier, but not this")
      .meta({ examples: ["db.lan:5432"] }),
  }),
  z.strictObject({
    systemIdentifier,
    data: z
      .string()
      .regex(/^\//, "must be an absolute path, starting with /")
      .transform((path) => withoutEndingSlash(posix.normalize(path)))
      .describe("the data directory of the whole cluster that may be destroyed")
      .meta({ title: "path", examples: ["/var/lib/postgresql/15/main"] }),
  }),
  z.strictObject({
    cluster: clusterUid,
    namespace: z
      .string()
      .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "must be the name of a namespace")
      .describe("the namespace that may be deleted")
      .meta({ examples: ["shop"] }),
    workload: z
      .string()
      .regex(/^(deployment|statefulset)\/[a-z0-9.-]+$/, 'must be kind and name, such as "deployment/shop"')
      .optional()
      .describe(
        "only the pods of this workload of it may be taken away; the namespace and every workload in it otherwise",
      )
      .meta({ examples: ["deployment/shop"] }),
  }),
  z.strictObject({
    cluster: clusterUid,
    node: z
      .string()
      .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, "must be the name of a node")
      .describe("the node that may be drained")
      .meta({ examples: ["worker-1"] }),
  }),
  z.strictObject({
    cluster: clusterUid,
    claim: z
      .string()
      .regex(/^[a-z0-9-]+\/[a-z0-9.-]+$/, "must be namespace and claim, such as shop/data")
      .describe("the PersistentVolumeClaim, with its namespace, whose Longhorn volume may be deleted")
      .meta({ examples: ["shop/data"] }),
  }),
  z.strictObject({
    cluster: clusterUid,
    volume: z
      .string()
      .regex(/^[a-z0-9.-]+$/, "must be the name of a Longhorn volume")
      .describe("the Longhorn volume that may be deleted")
      .meta({ examples: ["shop-data"] }),
  }),
  z.strictObject({
    infrastructure: z
      .string()
      .regex(/^\//, "must be an absolute path, starting with /")
      .transform((path) => withoutEndingSlash(posix.normalize(path)))
      .describe("directory of the infrastructure that may be destroyed, as the plan writes it")
      .meta({ title: "path", examples: ["/srv/infra/dev"] }),
    workspace: z.string().min(1).default("default").describe("workspace of its state"),
    lineage: z
      .string()
      .min(1)
      .optional()
      .describe("lineage of its state: another state in the same place is then refused")
      .meta({ examples: ["3f1d4a52-6b5e-4a53-9d0e-0d5c3b8b6f1e"] }),
  }),
]);

export const WorkerConfig = z
  .strictObject({
    plans: directory.default("./plans").describe("directory of the plans; relative to this file"),
    records: directory
      .default("./records")
      .describe("directory of the records and reports of runs; relative to this file"),
    state: directory.default("./state").describe("directory of what runs need meanwhile; relative to this file"),
    taskQueue: z
      .string()
      .min(1)
      .max(200)
      .default("firedrill")
      .describe("Temporal task queue on which the worker takes runs")
      .meta({ examples: ["firedrill"] }),
    ui: z
      .url({ protocol: /^https?$/, error: "must be the address of a web page, such as http://temporal.lan:8080" })
      .regex(/^[^?#@]*$/, "must have no user, query or fragment")
      .optional()
      .describe("address of the Temporal UI, for the links in notices")
      .meta({ examples: ["http://temporal.lan:8080"] }),
    mayDestroy: z
      .array(Destroyable)
      .default([])
      .describe("the only things that runs of this worker may destroy; none by default")
      .meta({ examples: [[{ systemIdentifier: "7412345678901234567", server: "db.lan:5432", database: "shop" }]] }),
    metrics: z
      .strictObject({
        port: z
          .int()
          .min(1)
          .max(65535)
          .describe("port of the page /metrics")
          .meta({ examples: [9464] }),
        host: z
          .string()
          .min(1)
          .default("127.0.0.1")
          .describe("address of this host to serve it on; anybody who reaches it may read it")
          .meta({ examples: ["127.0.0.1"] }),
      })
      .optional()
      .describe("serves metrics for Prometheus, of runs and of the Temporal SDK; not served otherwise"),
  })
  .describe("The worker's configuration: where things lie, and what it may destroy");

/** Directories are absolute paths. */
export interface Config {
  plans: string;
  records: string;
  state: string;
  taskQueue: string;
  /** Address of the Temporal UI. */
  ui?: string | undefined;
  mayDestroy: (
    | { systemIdentifier: string; server: string; database: string }
    | { systemIdentifier: string; data: string }
    | { cluster: string; namespace: string; workload?: string | undefined }
    | { cluster: string; node: string }
    | { cluster: string; claim: string }
    | { cluster: string; volume: string }
    | { infrastructure: string; workspace: string; lineage?: string | undefined }
  )[];
  metrics?: { port: number; host: string } | undefined;
}

/**
 * Reads the file that FIREDRILL_CONFIG names, else firedrill.yaml of the working directory, else takes the defaults.
 * @throws CONFIG_INVALID with all problems of the file
 */
export function loadConfig(environment: NodeJS.ProcessEnv = process.env, cwd: string = process.cwd()): Config {
  const named = environment["FIREDRILL_CONFIG"];
  if (named === "")
    throw fail("CONFIG_INVALID", "FIREDRILL_CONFIG is empty", "Set it to the path of the file, or unset it.");
  const file = resolve(cwd, named ?? "firedrill.yaml");
  if (named === undefined && !existsSync(file)) return absolute(WorkerConfig.parse({}), cwd);
  const read = readText(file);
  if (read.text === null) throw fail("CONFIG_INVALID", formatProblems([read.problem]), read.problem.hint);
  const { value, problems } = checkText(read.text, file, WorkerConfig);
  if (value === null) throw fail("CONFIG_INVALID", formatProblems(problems));
  return absolute(value, dirname(file));
}

function absolute(config: z.output<typeof WorkerConfig>, base: string): Config {
  const { plans, records, state } = config;
  return { ...config, plans: resolve(base, plans), records: resolve(base, records), state: resolve(base, state) };
}

function withoutEndingSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}
