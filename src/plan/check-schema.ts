import * as z from "zod";
import { HttpCheck, label } from "./cluster-parts.ts";
import { Connection, databaseName } from "./connection-schema.ts";
import { Duration, Secret } from "./scalars.ts";

/** What must be so again when everything is back. A kind of check is an entry here and a file in activities/checks. */

const kubernetesName = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
    "must be a name of Kubernetes: lower-case letters, digits, dots, dashes",
  );
const within = Duration.prefault("5m").describe("how long after all is back it may take until it passes");
const namespace = label.describe("namespace in which it lies").meta({ examples: ["shop"] });

const SqlCheck = z
  .strictObject({
    kind: z.literal("sql").describe("kind of the check"),
    connection: Connection.prefault({}).describe("how to reach the server"),
    database: databaseName.describe("database that is asked").meta({ examples: ["shop"] }),
    query: z
      .string()
      .min(1)
      .describe(
        "query in a transaction that only reads; the first column of its first row counts; tables outside of `public` with their schema",
      )
      .meta({ examples: ["select count(*) > 0 from orders"] }),
    equals: z
      .string()
      .optional()
      .describe("what it must answer; without it the same as before")
      .meta({ examples: ["t"] }),
    within,
  })
  .describe("a question to a PostgreSQL database, from the worker's host");

const ExecCheck = z
  .strictObject({
    kind: z.literal("exec").describe("kind of the check"),
    namespace,
    workload: z
      .string()
      .regex(
        /^(deployment|statefulset|daemonset)\/[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
        'must be such as "deployment/shop"',
      )
      .describe("workload in one of whose ready pods it runs")
      .meta({ examples: ["deployment/shop"] }),
    container: label.optional().describe("container of the pod; its first one otherwise"),
    command: z
      .array(z.string().min(1, "must not be empty"))
      .min(1, "needs at least the name of a program")
      .describe("program and arguments; it must end with exit code 0. No shell, and no secret: everybody can read it")
      .meta({ examples: [["cat", "/data/version"]] }),
    contains: z.string().min(1).optional().describe("text that its output contains when all is well"),
    within,
  })
  .describe("a command in a container");

const CertificateCheck = z
  .strictObject({
    kind: z.literal("certificate").describe("kind of the check"),
    namespace,
    name: kubernetesName.describe("Certificate of cert-manager").meta({ examples: ["shop-tls"] }),
    within,
  })
  .describe("a certificate that was issued, lies in its Secret and is valid now");

const IngressCheck = z
  .strictObject({
    kind: z.literal("ingress").describe("kind of the check"),
    namespace,
    name: kubernetesName.describe("the Ingress").meta({ examples: ["shop"] }),
    dns: z.boolean().default(true).describe("whether its hosts must resolve to the same addresses as before"),
    within,
  })
  .describe("an Ingress with the address that it had before, also in the DNS");

const AlertmanagerCheck = z
  .strictObject({
    kind: z.literal("alertmanager").describe("kind of the check"),
    url: z
      .url({ protocol: /^https?$/, error: "must be an address that begins with http:// or https://" })
      .regex(/^[^@]*$/, "must have no user or password")
      .describe("address of Alertmanager")
      .meta({ examples: ["https://alertmanager.example.org"] }),
    token: Secret.optional().describe("bearer token for it"),
    except: z
      .array(z.string().min(1))
      .default([])
      .describe("names of alerts that may fire")
      .meta({ examples: [["Watchdog"]] }),
    within,
  })
  .describe("no alert fires that did not fire before");

export const Check = z.discriminatedUnion("kind", [
  HttpCheck.extend({ within }).describe("a question over HTTP, from the worker's host"),
  SqlCheck,
  ExecCheck,
  CertificateCheck,
  IngressCheck,
  AlertmanagerCheck,
]);
/** Something that must be so again when everything is back. */
export type Check = z.infer<typeof Check>;
export type CheckOf<K extends Check["kind"]> = Extract<Check, { kind: K }>;
