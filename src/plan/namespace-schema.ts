import * as z from "zod";
import { HttpCheck, label } from "./cluster-parts.ts";
import { common } from "./component-parts.ts";
import { Duration, name } from "./scalars.ts";

/** A Kubernetes namespace that GitOps rebuilds. */

/** "Secret/shop-tls", "ConfigMap/*": a kind and a name, of which the end may be left open. */
const objectPattern = z
  .string()
  .regex(
    /^[A-Z][A-Za-z0-9]*\/([a-z0-9][a-z0-9.:-]*)?\*?$/,
    'must be kind and name, such as "Secret/shop-tls" or "Secret/shop-*"',
  );

/** "StatefulSet/postgres": one object. */
const objectName = z
  .string()
  .regex(/^[A-Z][A-Za-z0-9]*\/[a-z0-9][a-z0-9.:-]*$/, 'must be kind and name, such as "StatefulSet/postgres"');

const NamespaceData = z
  .strictObject({
    component: name.describe("name of the component of kind pgdump that protects the database"),
    server: objectName
      .describe("what runs its server: the pods of this object answer under the component's address")
      .meta({ examples: ["StatefulSet/postgres"] }),
    users: z
      .array(objectName)
      .default([])
      .describe("what works with the database: their pods are made anew once the data is in place")
      .meta({ examples: [["Deployment/shop"]] }),
  })
  .describe("a database whose server lies in the namespace");

export const NamespaceComponent = z
  .strictObject({
    ...common,
    kind: z.literal("namespace").describe("kind of the component"),
    namespace: label.describe("the namespace that is protected").meta({ examples: ["shop"] }),
    pods: z
      .enum(["graceful", "force"])
      .default("graceful")
      .describe("how its pods end: in their own time, or at once (`--grace-period=0`)"),
    rebuild: z
      .enum(["request", "wait"])
      .default("request")
      .describe("whether GitOps is asked to rebuild at once, or left alone, to measure unattended recovery"),
    within: Duration.prefault("15m").describe("how long it may take until everything is there and ready"),
    standstill: Duration.prefault("5m").describe("how long nothing may move before it counts as stuck"),
    accepts: z
      .array(objectPattern)
      .default([])
      .describe("what nothing brings back and may be lost, by kind and name; everything else of that sort is refused")
      .meta({ examples: [["ConfigMap/scratch-*"]] }),
    loses: z
      .array(objectPattern)
      .default([])
      .describe("PersistentVolumeClaims whose data is deleted with them and may be lost")
      .meta({ examples: [["PersistentVolumeClaim/cache-*"]] }),
    strip: z
      .array(objectPattern)
      .default([])
      .describe("objects whose finalizers are removed where they keep the namespace from going; recorded")
      .meta({ examples: [["Backup/old-*"]] }),
    data: z
      .array(NamespaceData)
      .max(20)
      // Runs that an older version has begun have plans without it.
      .optional()
      .describe("databases of it: dumped before it is deleted, and restored as soon as their server is there again"),
    checks: z
      .array(HttpCheck)
      .max(20)
      .default([])
      .describe("what must answer as before; the time without an answer is the downtime"),
  })
  .describe("a Kubernetes namespace, rebuilt by Flux or Argo CD");
export type NamespaceComponent = z.infer<typeof NamespaceComponent>;
