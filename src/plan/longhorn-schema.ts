import * as z from "zod";
import { common } from "./component-parts.ts";
import { Duration, Secret, Size } from "./scalars.ts";

/** A Longhorn volume, or many of a namespace, with its backups in an S3 store. */

const label = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "must be a name of Kubernetes: lower-case letters, digits and dashes");

/** A longer one Longhorn would change by itself, and nobody would find the volume any more. */
export const volumeName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/, "must be 1 to 40 lower-case letters, digits and dashes")
  .meta({ examples: ["shop-data"] });

export const BackupName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, "must be the name of a backup of Longhorn");

export const BackupStoreAccess = z
  .strictObject({
    endpoint: z
      .url({ protocol: /^https?$/, error: "must be an http or https address" })
      .regex(/^[^@]*$/, "must have no user or password")
      .optional()
      .describe("address of the S3 server as the worker reaches it; AWS otherwise")
      .meta({ examples: ["https://minio.lan:9000"] }),
    accessKey: Secret.optional().describe("access key; without it what the worker's AWS settings say"),
    secretKey: Secret.optional().describe("secret key of that access key"),
  })
  .describe(
    "how the worker itself looks into the store of the backups; bucket and region are in Longhorn's BackupTarget",
  );
export type BackupStoreAccess = z.infer<typeof BackupStoreAccess>;

export const LonghornComponent = z
  .strictObject({
    ...common,
    kind: z.literal("longhorn").describe("kind of the component"),
    namespace: label
      .optional()
      .describe("namespace of the claim; without `claim` all of its claims on Longhorn are meant")
      .meta({ examples: ["shop"] }),
    claim: label
      .optional()
      .describe("the PersistentVolumeClaim whose volume is protected")
      .meta({ examples: ["data"] }),
    selector: z
      .record(z.string(), z.string())
      .optional()
      .describe("labels of the claims that are meant, where there is no `claim`")
      .meta({ examples: [{ app: "shop" }] }),
    parallel: z
      .int()
      .min(1)
      .max(50)
      .optional()
      .describe("how many of the volumes are worked on at the same time, where there is no `claim`; 4 otherwise")
      .meta({ examples: [8] }),
    volume: volumeName
      .optional()
      .describe(
        "name under which the volume is restored, the same in every cluster; without `claim` the volume that is protected",
      ),
    workload: z
      .string()
      .regex(/^(deployment|statefulset)\/[a-z0-9][a-z0-9.-]*$/, 'must be kind and name, such as "deployment/shop"')
      .optional()
      .describe("what uses the volume: it is scaled down while the volume is lost, and up again")
      .meta({ examples: ["deployment/shop"] }),
    directory: z
      .string()
      .regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\0\n]+$/, "must be a path within the volume, without a leading slash")
      .default(".")
      .describe(
        "directory in the volume that holds the sentinel and whose files are compared; all of the volume otherwise",
      )
      .meta({ examples: ["uploads"] }),
    sentinel: Size.prefault("1 MiB").describe("size of the file that is planted before the backup"),
    image: z
      .string()
      .regex(/^\S+$/, "must be the name of an image")
      .optional()
      .describe(
        "image of the short-lived pod that reads a volume, with sh, find and sha256sum; the workload's own otherwise",
      )
      .meta({ examples: ["busybox:1.37"] }),
    backup: z
      .union([
        z.enum(["incremental", "full"]),
        z.strictObject({
          recurring: z
            .string()
            .min(1)
            .describe("name of a RecurringJob of Longhorn, whose newest backup is taken")
            .meta({ examples: ["nightly"] }),
        }),
      ])
      .default("incremental")
      .describe("the backup that a run makes, or whose it takes")
      .meta({ examples: ["full"] }),
    store: BackupStoreAccess.prefault({}).describe("how the worker itself looks into the store of the backups"),
    within: Duration.prefault("30m").describe("how long a backup, or a restore, may take"),
    standstill: Duration.prefault("5m").describe("how long nothing may move before it counts as stuck"),
  })
  .describe("a Longhorn volume, or many, by Longhorn's own backups");
export type LonghornComponent = z.infer<typeof LonghornComponent>;
