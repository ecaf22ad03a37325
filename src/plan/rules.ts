import { plainName } from "../report/approvals.ts";
import { posix } from "node:path";
import type { Complaint } from "./complaint.ts";
import { storeKeysTogether, volumesAreNamed } from "./longhorn-rules.ts";
import { dataIsProtected } from "./namespace-rules.ts";
import { overlap, sameServer } from "./overlap.ts";
import { reserved } from "./component-parts.ts";
import { clusterIsMade, layersAreDistinct } from "./infrastructure-rules.ts";
import { userAndPasswordTogether } from "./notify-rules.ts";
import { checkSchedules, freezeEnds } from "./schedule-rules.ts";
import type { Component, PgDumpComponent, Plan } from "./schema.ts";

/** What a schema cannot say: rules about several keys, one function each. */
type Rule = (plan: Plan) => Complaint[];

const systemDatabases = ["postgres", "template0", "template1"];
const systemTrees = /^\/(bin|boot|dev|etc|lib|lib64|proc|sbin|sys)(\/|$)/;
const sharedDirectories = ["/usr/bin", "/usr/lib", "/usr/local", "/usr/share", "/var/lib", "/var/log", "/var/run"];
const homeDirectory = /^\/(root|(home|Users|export\/home)\/[^/]+)$|^\/var\/lib\/(postgresql|pgsql)$/;

const rules: Rule[] = [
  uniqueNames,
  noReservedNames,
  eachTargetOnce,
  clusterIsNamed,
  clusterIsMade,
  layersAreDistinct,
  dataIsProtected,
  noSystemDatabase,
  maintenanceDatabaseSurvives,
  distinctDumps,
  dumpsOutsideData,
  dataIsADataDirectory,
  objectivesFitThePlan,
  enoughApprovers,
  volumesAreNamed,
  storeKeysTogether,
  userAndPasswordTogether,
  checkSchedules,
  freezeEnds,
];

/** Asks every rule. */
export function checkRules(plan: Plan): Complaint[] {
  return rules.flatMap((rule) => rule(plan));
}

function uniqueNames({ components }: Plan): Complaint[] {
  return components.flatMap(({ name }, n) => {
    const first = components.findIndex((other) => other.name === name);
    if (first === n) return [];
    const hint = "Give each component a name of its own.";
    return [at(n, "name", `components[${first}] has this name already`, hint)];
  });
}

/** They would make step IDs that a run already has. */
function noReservedNames({ components }: Plan): Complaint[] {
  return components.flatMap(({ name }, n) =>
    reserved.includes(name)
      ? [at(n, "name", `"${name}" is the name of a step of every run`, "Take another name.")]
      : [],
  );
}

function eachTargetOnce({ components }: Plan): Complaint[] {
  return components.flatMap((component, n) => {
    const first = components.slice(0, n).find((other) => overlap(component, other));
    if (first === undefined) return [];
    const hint = "Protect each database and each cluster by one component; use two plans for two ways to back it up.";
    return [at(n, targetKeys[component.kind], `"${first.name}" protects this already`, hint)];
  });
}

const targetKeys: Record<Component["kind"], string> = {
  pgdump: "database",
  pgbackrest: "stanza",
  namespace: "namespace",
  cluster: "kind",
  workload: "workload",
  longhorn: "name",
};

function noSystemDatabase({ components }: Plan): Complaint[] {
  return components.flatMap((component, n) => {
    if (component.kind !== "pgdump") return [];
    if (systemDatabases.includes(component.database)) {
      const hint = "Protect the databases that hold data of your own; a server cannot work without this one.";
      return [at(n, "database", `"${component.database}" belongs to the server itself`, hint)];
    }
    if (component.database !== component.maintenanceDatabase) return [];
    const hint = "Name a database that stays while the protected one is gone, such as `postgres`.";
    return [at(n, "maintenanceDatabase", "must not be the protected database", hint)];
  });
}

const inCluster = ["namespace", "workload", "longhorn", "cluster"];

function clusterIsNamed({ access, components }: Plan): Complaint[] {
  const first = components.find(({ kind }) => inCluster.includes(kind));
  if (access !== undefined || first === undefined) return [];
  const hint = "Add `access: { kubeconfig: { file: /etc/firedrill/kubeconfig } }`.";
  const message = `missing key "access": ${first.name} (${first.kind}) is in a cluster`;
  return [{ path: ["access"], at: "around", message, hint }];
}

function maintenanceDatabaseSurvives({ components }: Plan): Complaint[] {
  const dumps = pgDumps(components);
  return dumps.flatMap(([component, n]) => {
    const owner = dumps.find(
      ([other]) =>
        other !== component && sameServer(component, other) && component.maintenanceDatabase === other.database,
    );
    if (owner === undefined) return [];
    const hint = "Name a database that no component protects, such as `postgres`.";
    return [at(n, "maintenanceDatabase", `is the database that "${owner[0].name}" destroys`, hint)];
  });
}

function distinctDumps({ components }: Plan): Complaint[] {
  const dumps = pgDumps(components);
  return dumps.flatMap(([component, n], index) => {
    const same = dumps.slice(0, index).find(([other]) => posix.resolve(other.dumps) === posix.resolve(component.dumps));
    if (same === undefined) return [];
    const hint = "Give each component a directory of its own, such as one below that one.";
    return [at(n, "dumps", `"${same[0].name}" keeps its dumps in this directory`, hint)];
  });
}

function dumpsOutsideData({ components }: Plan): Complaint[] {
  return pgDumps(components).flatMap(([{ dumps }, n]) => {
    const around = components.find((other) => other.kind === "pgbackrest" && isInside(dumps, other.data));
    if (around === undefined) return [];
    const hint = "Keep dumps where they survive the loss of what they protect.";
    return [at(n, "dumps", `lies inside the data directory of "${around.name}"`, hint)];
  });
}

/** It is emptied for a restore: a slip here would cost more than a database. */
function dataIsADataDirectory({ components }: Plan): Complaint[] {
  return components.flatMap((component, n) => {
    if (component.kind !== "pgbackrest") return [];
    const data = posix.resolve(component.data);
    const shallow = data.split("/").length < 3;
    const shared = systemTrees.test(data) || sharedDirectories.includes(data) || homeDirectory.test(data);
    if (!shallow && !shared) return [];
    const hint = "Name the directory that holds PG_VERSION, for example `data: /var/lib/postgresql/15/main`.";
    return [at(n, "data", "is not a directory of PostgreSQL alone", hint)];
  });
}

function objectivesFitThePlan({ components, objectives }: Plan): Complaint[] {
  return components.flatMap((component, n) =>
    (["rto", "rpo"] as const).flatMap((key) => {
      const [own, whole] = [component.objectives?.[key], objectives[key]];
      if (own === undefined || whole === undefined || own <= whole) return [];
      const hint = "The whole run includes this component: shorten this objective, or give the plan a longer one.";
      return [{ path: ["components", n, "objectives", key], message: `is longer than the plan's own ${key}`, hint }];
    }),
  );
}

/** One of them may be who starts the run; a plan that only works when it is somebody else is right. */
function enoughApprovers({ approvals }: Plan): Complaint[] {
  if (approvals?.from === undefined) return [];
  const people = new Set(approvals.from.map(plainName)).size;
  if (people >= approvals.destroy) return [];
  const hint = "Name more people, or ask for fewer approvals.";
  return [{ path: ["approvals", "from"], message: `names ${people}, but ${approvals.destroy} must approve`, hint }];
}

function pgDumps(components: Component[]): [PgDumpComponent, number][] {
  return components.flatMap((component, n): [PgDumpComponent, number][] =>
    component.kind === "pgdump" ? [[component, n]] : [],
  );
}

function isInside(path: string, directory: string): boolean {
  const [inner, outer] = [posix.resolve(path), posix.resolve(directory)];
  return inner === outer || inner.startsWith(outer === "/" ? "/" : `${outer}/`);
}

function at(component: number, key: string, message: string, hint: string): Complaint {
  return { path: ["components", component, key], message, hint };
}
