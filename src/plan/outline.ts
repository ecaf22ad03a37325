import type { Component } from "./schema.ts";
import type { Phase, RunType, Scenario } from "../report/record.ts";

/** All that is said about a step before it runs. */
export interface StepOutline {
  id: string;
  phase: Phase;
  title: string;
  /** Name of the component it is about, null for steps of the whole run. */
  component: string | null;
  /** It takes data away. */
  destroys: boolean;
  /** A person may skip it when it fails; the verdict is then INCONCLUSIVE. */
  skippable: boolean;
}

interface Named {
  name: string;
  kind: string;
}

const ofComponent = {
  inspect: ["preflight", "Look at %: reachable, identity, versions, space", {}],
  confirm: ["preflight", "Look what the run before has left of %", { infix: "resume" }],
  plant: ["plant", "Plant the sentinel in % and start its heartbeat", {}],
  backup: ["backup", "Back up %", {}],
  proof: ["backup", "Prove that the backup of % is whole and readable", { infix: "proof" }],
  destroy: ["destroy", "Destroy %", { destroys: true }],
  control: ["restore", "Negative control: the checks of % must fail now", { infix: "control", skippable: true }],
  gone: ["rebuild", "Negative control: nothing of % may be left", { infix: "control", skippable: true }],
  rebuild: ["rebuild", "Let % be rebuilt, and watch it come back", {}],
  restore: ["restore", "Restore %", {}],
  verify: ["verify", "Verify the restored data of %", { skippable: true }],
  place: ["verify", "Put the restored % into place", { infix: "place" }],
  retention: ["report", "Remove old backups of %", { infix: "retention", skippable: true }],
} as const satisfies Record<string, [Phase, string, { infix?: string; destroys?: boolean; skippable?: boolean }]>;

const ofRun = {
  preflightGuards: ["preflight/guards", "Ask the guards", false],
  approve: ["approve/destroy", "Let other people approve the destruction", false],
  destroyGuards: ["destroy/guards", "Ask the guards again, now with the verified backups", false],
  cleanup: ["report/cleanup", "Remove scratch places, sentinels and heartbeats", true],
  files: ["report/files", "Write the report", false],
} as const;

/** What a namespace's steps are called where a database's would be called something else. */
const titlesOfNamespace: Partial<Record<keyof typeof ofComponent, string>> = {
  inspect: "Look at %: every object, who brings it back, images, volumes",
  proof: "Prove that Git, registries and GitOps have all that % needs",
  destroy: "Delete namespace %",
  verify: "Verify that all of % is back as it was",
};
const titlesOfWorkload: typeof titlesOfNamespace = {
  inspect: "Look at %: its pods, their node, volumes, images",
  plant: "Plant a sentinel in the data of %, and note every file",
  proof: "Prove that % has all that its pods need to come back",
  destroy: "Take the pods of % away",
  gone: "Negative control: none of the old pods of % may be left",
  rebuild: "Watch the pods of % come back",
  verify: "Verify that % is back, with its data",
};

/** The same of a volume. */
const titlesOfVolume: typeof titlesOfNamespace = {
  inspect: "Look at %: claim, volume, backup target, who uses it",
  plant: "Plant the sentinel in %",
  proof: "Prove that the backup of % is in the store, whole and readable",
  destroy: "Stop what uses %, and delete its volume",
  place: "Let the workload of % have the restored volume",
  retention: "Leave old backups of % to Longhorn",
};

const titlesOf: Record<string, typeof titlesOfNamespace> = {
  namespace: titlesOfNamespace,
  workload: titlesOfWorkload,
  longhorn: titlesOfVolume,
};

/** The ID of a step about a component; the only place that knows how IDs are made. */
export function stepId(verb: keyof typeof ofComponent, component: string): string {
  const [phase, , { infix }] = ofComponent[verb] as [Phase, string, { infix?: string }];
  return infix === undefined ? `${phase}/${component}` : `${phase}/${infix}/${component}`;
}

type Entry = keyof typeof ofComponent | keyof typeof ofRun;

interface Particulars {
  /** The plan asks for some. */
  approvals: boolean;
  /** It takes over from a run that was closed. */
  resumes: boolean;
}

/** The runbook of each type of run: entries of one inner list belong together and run component by component. */
function entries(type: RunType, scenario: Scenario, { approvals, resumes }: Particulars): Entry[][] {
  const approve: Entry[][] = approvals ? [["approve"]] : [];
  const confirm: Entry[][] = resumes ? [["confirm"]] : [];
  const preflight: Entry[][] = [...confirm, ["inspect"], ["preflightGuards"]];
  const close: Entry[][] = [["retention"], ["cleanup"], ["files"]];
  if (type === "audit") return [["inspect"], ["preflightGuards"], ["proof"], ["cleanup"], ["files"]];
  if (type === "backup") return [...preflight, ["backup", "proof"], ...close];
  if (type === "restore")
    return [...preflight, ...approve, ["control"], ["restore"], ["verify", "place"], ["cleanup"], ["files"]];
  if (scenario === "namespace" || scenario === "workload")
    return [
      ...preflight,
      ...(scenario === "workload" ? ([["plant"]] as Entry[][]) : []),
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
};

/** The kinds of components that a run is about; the plan's others it leaves alone. */
export function kindsOf(type: RunType, scenario: Scenario): Component["kind"][] {
  if (type === "audit") return ["pgdump", "pgbackrest", "longhorn", "namespace", "workload"];
  if (type === "exercise" && scenario !== "none") return ofScenario[scenario];
  return ["pgdump", "pgbackrest", "longhorn"];
}

/** The steps of a run, in the order in which they are announced. Pure: the same plan gives the same steps. */
export function outline(
  type: RunType,
  scenario: Scenario,
  components: Named[],
  { approvals = false, resumes = false }: Partial<Particulars> = {},
): StepOutline[] {
  return entries(type, scenario, { approvals, resumes }).flatMap((group) => {
    if (group.some((entry) => entry in ofRun)) return group.map((entry) => runStep(entry as keyof typeof ofRun));
    return components.flatMap((c) => group.map((entry) => componentStep(entry as keyof typeof ofComponent, c)));
  });
}

function runStep(entry: keyof typeof ofRun): StepOutline {
  const [id, title, skippable] = ofRun[entry];
  return { id, phase: id.split("/")[0] as Phase, title, component: null, destroys: false, skippable };
}

function componentStep(entry: keyof typeof ofComponent, { name, kind }: Named): StepOutline {
  const [phase, usual, rule] = ofComponent[entry] as [Phase, string, { destroys?: boolean; skippable?: boolean }];
  const title = titlesOf[kind]?.[entry] ?? usual;
  return {
    id: stepId(entry, name),
    phase,
    title: title.replace("%", name),
    component: name,
    destroys: rule.destroys ?? false,
    skippable: rule.skippable ?? false,
  };
}
