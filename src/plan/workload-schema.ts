import * as z from "zod";
import { HttpCheck, label } from "./cluster-parts.ts";
import { common } from "./component-parts.ts";
import { Duration } from "./scalars.ts";

/** A workload of a Kubernetes cluster whose pods are taken away. */

const insidePath = z
  .string()
  .regex(/^\/(?!.*(^|\/)\.\.(\/|$))/, "must be an absolute path, starting with /, without ..")
  .meta({ title: "path", examples: ["/var/lib/postgresql"] });

const Data = z
  .strictObject({
    directory: insidePath.describe(
      "directory in a container, on a PersistentVolume, that must be there again as it was",
    ),
    container: label
      .optional()
      .describe(
        "container that has it, and the programs find, sha256sum, tee, cat and rm; the first that mounts it otherwise",
      )
      .meta({ examples: ["postgres"] }),
    except: z
      .array(
        z.string().regex(/^[^/]/, "must be relative to the directory").describe("a file, by its path in the directory"),
      )
      .default([])
      .describe("files in it that the application removes or writes anew when it starts; the end may be left open")
      .meta({ examples: [["main/pg_wal/*", "main/postmaster.pid"]] }),
  })
  .describe("Data that must come back with the pods");

export const WorkloadComponent = z
  .strictObject({
    ...common,
    kind: z.literal("workload").describe("kind of the component"),
    namespace: label.describe("namespace of the workload").meta({ examples: ["shop"] }),
    workload: z
      .string()
      .regex(
        /^(deployment|statefulset)\/[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
        'must be kind and name, such as "deployment/shop" or "statefulset/postgres"',
      )
      .describe("the workload whose pods are taken away")
      .meta({ examples: ["statefulset/postgres"] }),
    lose: z
      .enum(["pods", "node"])
      .default("pods")
      .describe("what is lost: all its pods, or the node on which most of them run, which is drained"),
    pods: z
      .enum(["graceful", "force"])
      .default("graceful")
      .describe("how pods end: in their own time, or at once (`--grace-period=0`)"),
    data: Data.optional().meta({ examples: [{ directory: "/var/lib/postgresql" }] }),
    accepts: z
      .array(
        z
          .string()
          .regex(/^[a-z0-9-]+\/([a-z0-9][a-z0-9.-]*)?\*?$/, 'must be namespace and name, such as "shop/cart-*"')
          .describe("a pod, by namespace and name"),
      )
      .default([])
      .describe("other pods of the node that a drain may evict, by namespace and name; others refuse it")
      .meta({ examples: [["kube-system/coredns-*"]] }),
    within: Duration.prefault("10m").describe("how long it may take until all its pods are there and ready"),
    standstill: Duration.prefault("5m").describe("how long nothing may move before it counts as stuck"),
    checks: z
      .array(HttpCheck)
      .max(20)
      .default([])
      .describe("what must answer as before; the time without an answer is the downtime"),
  })
  .describe("a Deployment or StatefulSet of Kubernetes, whose pods or node are taken away");
export type WorkloadComponent = z.infer<typeof WorkloadComponent>;
