import * as z from "zod";
import { ClusterAccess } from "./access-schema.ts";
import { Check } from "./check-schema.ts";
import { ClusterComponent, Gitops } from "./cluster-schema.ts";
import { common, Objectives } from "./component-parts.ts";
import { Connection, databaseName } from "./connection-schema.ts";
import { LonghornComponent } from "./longhorn-schema.ts";
import { Layer } from "./infrastructure-schema.ts";
import { NamespaceComponent } from "./namespace-schema.ts";
import { Channel } from "./notify-schema.ts";
import { Approvals, Decisions, Owner } from "./people-schema.ts";
import { Duration, name, path, Size } from "./scalars.ts";
import { FreezeWindow, ScheduleEntry } from "./schedule-schema.ts";
import { WorkloadComponent } from "./workload-schema.ts";

export { Connection };

/** What stands in a plan file. Everything a person may write is here, with its meaning; unknown keys are errors. */

export const PgDumpComponent = z
  .strictObject({
    ...common,
    kind: z.literal("pgdump").describe("kind of the component"),
    connection: Connection.prefault({}).describe("how to reach the server"),
    database: databaseName.describe("the database that is protected").meta({ examples: ["shop"] }),
    maintenanceDatabase: databaseName
      .meta({ examples: ["postgres"] })
      .default("postgres")
      .describe("database to connect to while the protected one is gone"),
    dumps: path.describe("directory for the dumps, outside the server's own data"),
    format: z.enum(["directory", "custom"]).default("directory").describe("pg_dump's format; directory is parallel"),
    jobs: z.int().min(1).max(64).default(2).describe("parallel jobs of pg_dump (directory only) and pg_restore"),
    plain: path
      .optional()
      .describe("pattern of plain SQL dumps (.sql, .sql.gz) that another job makes; `restore` takes the newest backup"),
    retention: z
      .strictObject({
        count: z.int().min(1).optional().describe("keep at most so many good dumps"),
        age: Duration.optional().describe("remove dumps that are older"),
      })
      .default({})
      .describe(
        "which dumps are removed after a run that passed; the newest good one never is, nor what a run has destroyed and not put back",
      ),
    keepFree: Size.prefault("256 MiB").describe("space that must stay free beside the dumps"),
  })
  .describe("one database of any reachable server, by pg_dump and pg_restore");
export type PgDumpComponent = z.infer<typeof PgDumpComponent>;

export const PgBackRestComponent = z
  .strictObject({
    ...common,
    kind: z.literal("pgbackrest").describe("kind of the component"),
    connection: Connection.prefault({}).describe("how to reach the server"),
    database: databaseName
      .meta({ examples: ["postgres"] })
      .default("postgres")
      .describe("database that holds the sentinel"),
    stanza: z
      .string()
      .min(1)
      .describe("pgBackRest's name for the cluster")
      .meta({ examples: ["main"] }),
    config: path.default("/etc/pgbackrest/pgbackrest.conf").describe("pgBackRest's configuration file"),
    data: path
      .describe("data directory of the cluster (PGDATA) on this host")
      .meta({ examples: ["/var/lib/postgresql/15/main"] }),
    configFile: path.optional().describe("postgresql.conf, where it does not lie in the data directory (Debian)"),
    osUser: z
      .string()
      .min(1)
      .optional()
      .describe("operating-system user that owns the data; needed where the worker runs as root"),
    start: z.array(z.string()).min(1).optional().describe("command that starts the server; pg_ctl otherwise"),
    stop: z.array(z.string()).min(1).optional().describe("command that stops the server; pg_ctl otherwise"),
    backup: z.enum(["full", "diff", "incr"]).default("diff").describe("type of the backup that a run makes"),
    keepFree: Size.prefault("256 MiB").describe("space that must stay free where a scratch copy is restored"),
  })
  .describe("a whole PostgreSQL cluster of this host, by a pgBackRest stanza");
export type PgBackRestComponent = z.infer<typeof PgBackRestComponent>;

/** Kinds with data of their own, which is backed up and restored. */
export type DataComponent = PgDumpComponent | PgBackRestComponent | LonghornComponent;
export const Component = z.discriminatedUnion("kind", [
  PgDumpComponent,
  PgBackRestComponent,
  LonghornComponent,
  NamespaceComponent,
  WorkloadComponent,
  ClusterComponent,
]);
export type Component = z.infer<typeof Component>;

export const Plan = z
  .strictObject({
    name: name.describe("name of the plan; the same as its file's name"),
    environment: z
      .enum(["dev", "staging", "production"])
      .default("dev")
      .describe("production is never destroyed without approvals"),
    owner: Owner.optional()
      .describe("people behind the plan, shown in the report")
      .meta({ examples: [{ team: "platform", contacts: ["#platform"] }] }),
    objectives: Objectives.default({})
      .describe("objectives of the whole run")
      .meta({ examples: [{ rto: "45m", rpo: "24h" }] }),
    approvals: Approvals.optional()
      .describe("other people who must agree before something is destroyed")
      .meta({ examples: [{ destroy: 1 }] }),
    decisions: Decisions.optional()
      .describe("what becomes of a failed step that nobody answers; it waits for ever otherwise")
      .meta({ examples: [{ within: "2h" }] }),
    notify: z
      .array(Channel)
      .min(1, "must list whom to tell")
      .max(20)
      .optional()
      .describe("whom a run tells that it begins, waits for a person, has ended")
      .meta({ examples: [[{ kind: "slack", webhook: { env: "SLACK_WEBHOOK" } }]] }),
    schedule: z
      .union([ScheduleEntry, z.array(ScheduleEntry).min(1, "must list at least one schedule").max(20)])
      .optional()
      .describe("runs that begin by themselves, one entry or a list; `firedrill schedule apply` brings it to Temporal")
      .meta({ examples: [{ on: "first saturday", at: "03:00", timezone: "Europe/Berlin" }] }),
    freeze: z
      .array(FreezeWindow)
      .min(1, "must list at least one window")
      .max(100)
      .optional()
      .describe("times in which nothing is drilled or destroyed")
      .meta({ examples: [[{ from: "2026-12-20", until: "2027-01-03", reason: "Christmas sales" }]] }),
    access: ClusterAccess.optional()
      .describe("how to reach the plan's Kubernetes cluster")
      .meta({ examples: [{ kubeconfig: { file: "/etc/firedrill/kubeconfig" } }] }),
    gitops: Gitops.optional()
      .describe("what GitOps brings back into a cluster that was destroyed and made anew")
      .meta({ examples: [{ kind: "flux", layers: ["infrastructure", "apps"] }] }),
    checks: z
      .array(Check)
      .min(1, "must list at least one check")
      .max(50)
      .optional()
      .describe("what must be so again when a cluster that was destroyed is back")
      .meta({ examples: [[{ kind: "http", url: "https://shop.example.org/health" }]] }),
    infrastructure: z
      .array(Layer)
      .min(1, "must list at least one layer")
      .max(20)
      .optional()
      .describe("what the cluster is made of: applied in this order, destroyed in reverse")
      .meta({ examples: [[{ name: "cluster", kind: "tofu", directory: "/srv/infra/dev", destroys: ["*"] }]] }),
    components: z
      .array(Component)
      .min(1, "must list at least one component")
      .describe("what has data")
      .meta({ examples: [[{ name: "shop", kind: "pgdump", database: "shop", dumps: "/var/backups/shop" }]] }),
  })
  .describe("A Firedrill plan: what is protected, how it is restored and checked, its objectives");
export type Plan = z.infer<typeof Plan>;
