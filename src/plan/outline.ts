import type { RunType, Scenario } from "../report/record.ts";
import { outlineOfCluster, outlineOfLostCluster } from "./outline-cluster.ts";
import { outlineOfNamespaces } from "./outline-namespace.ts";
import type { Component, Plan } from "./schema.ts";
import {
  componentStep,
  layerStep,
  type Named,
  ofRun,
  type Particulars,
  runStep,
  type RunVerb,
  type StepOutline,
  type Verb,
} from "./steps.ts";

type Entry = Verb | RunVerb;

/** @param resumes whether the run takes over from one that was closed */
export function particularsOf({ approvals, infrastructure = [] }: Plan, resumes = false): Particulars {
  return { approvals: approvals !== undefined, resumes, layers: infrastructure.map(({ name }) => name) };
}

/** The runbook of each type of run: entries of one inner list belong together and run component by component. */
function entries(
  type: RunType,
  scenario: Scenario,
  { approvals, resumes }: Pick<Particulars, "approvals" | "resumes">,
): Entry[][] {
  const approve: Entry[][] = approvals ? [["approve"]] : [];
  const confirm: Entry[][] = resumes ? [["confirm"]] : [];
  const preflight: Entry[][] = [...confirm, ["inspect"], ["preflightGuards"]];
  const close: Entry[][] = [["retention"], ["cleanup"], ["files"]];
  if (type === "audit") return [["inspect"], ["preflightGuards"], ["proof"], ["cleanup"], ["files"]];
  if (type === "backup") return [...preflight, ["backup", "proof"], ...close];
  if (type === "restore")
    return [...preflight, ...approve, ["control"], ["restore"], ["verify", "place"], ["cleanup"], ["files"]];
  if (scenario === "workload")
    return [
      ...preflight,
      ["plant"],
      ["proof"],
      ...approve,
      ["destroyGuards"],
      ["destroy", "gone", "rebuild", "verify"],
      ["cleanup"],
      ["files"],
    ];
  const before: Entry[][] = [...preflight, ["plant"], ["backup", "proof"]];
  if (scenario === "none") return [...before, ["control"], ["restore"], ["verify"], ...close];
  return [
    ...before,
    ...approve,
    ["destroyGuards"],
    ["destroy"],
    ["control"],
    ["restore"],
    ["verify", "place"],
    ...close,
  ];
}

const ofScenario: Record<Exclude<Scenario, "none">, Component["kind"][]> = {
  database: ["pgdump", "pgbackrest"],
  namespace: ["namespace"],
  volume: ["longhorn"],
  workload: ["workload"],
  cluster: ["cluster", "longhorn"],
};

/** The kinds of components that a run is about; the plan's others it leaves alone. */
export function kindsOf(type: RunType, scenario: Scenario): Component["kind"][] {
  if (type === "audit") return ["pgdump", "pgbackrest", "longhorn", "namespace", "workload", "cluster"];
  if (scenario === "namespace" || scenario === "cluster" || (type === "exercise" && scenario !== "none"))
    return ofScenario[scenario];
  return ["pgdump", "pgbackrest", "longhorn"];
}

/**
 * The steps of a run, in the order in which they are announced. Pure: the same plan gives the same steps. Those of volumes that
 * are still to be found stand for the steps of each of them.
 */
export function outline(
  type: RunType,
  scenario: Scenario,
  components: Named[],
  particulars: Partial<Particulars> = {},
): StepOutline[] {
  if (listsLate(type, scenario)) return outlineOfLostCluster(components, finding(components), whole(particulars));
  return [...finding(components), ...runbook(type, scenario, components, particulars)];
}

/** Whether people are told the scenario: only of exercises and of some restores there is more than one. */
export function saysScenario(type: RunType, scenario: Scenario): boolean {
  return type === "exercise" || scenario === "namespace" || scenario === "cluster";
}

/** Whether only a cluster that is still to be made can tell which volumes there are. */
export function listsLate(type: RunType, scenario: Scenario): boolean {
  return type === "restore" && scenario === "cluster";
}

const whole = ({ approvals = false, resumes = false, layers = [] }: Partial<Particulars>): Particulars => ({
  approvals,
  resumes,
  layers,
});

/** Which volumes a component means. */
function finding(components: Named[]): StepOutline[] {
  const names = components.flatMap(({ name, many, of }) => of?.component ?? (many ? name : []));
  return [...new Set(names)].map((name) => componentStep("list", { name, kind: "longhorn" }));
}

function runbook(
  type: RunType,
  scenario: Scenario,
  components: Named[],
  particulars: Partial<Particulars>,
): StepOutline[] {
  const { approvals, resumes, layers } = whole(particulars);
  if (type === "exercise" && scenario === "cluster")
    return outlineOfCluster(components, { approvals, resumes, layers });
  if (scenario === "namespace") return outlineOfNamespaces(type, components, { approvals, resumes });
  return entries(type, scenario, { approvals, resumes }).flatMap((group) => {
    if (group.some((entry) => entry in ofRun)) return group.map((entry) => runStep(entry as RunVerb));
    const steps = components.flatMap((c) => group.map((entry) => componentStep(entry as Verb, c)));
    return type === "audit" && group[0] === "inspect" ? [...steps, ...looksAtLayers(components, layers)] : steps;
  });
}

/** What a cluster is made of. */
function looksAtLayers(components: Named[], layers: string[]): StepOutline[] {
  const cluster = components.find(({ kind }) => kind === "cluster");
  return cluster === undefined ? [] : layers.map((layer) => layerStep("inspectLayer", layer, cluster.name));
}
