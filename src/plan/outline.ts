import type { Component, PgDumpComponent } from "./schema.ts";
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
  /** The namespace of which it is data, and is lost and restored with; undefined for all others. */
  holder?: string | undefined;
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
  servers: ["rebuild", "Let % be rebuilt until the servers of its data answer", { infix: "servers" }],
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
/** `lane`: what is done to each namespace by itself, and to its data. */
function entries(type: RunType, scenario: Scenario, { approvals, resumes }: Particulars): (Entry[] | "lane")[] {
  const approve: Entry[][] = approvals ? [["approve"]] : [];
  const confirm: Entry[][] = resumes ? [["confirm"]] : [];
  const preflight: Entry[][] = [...confirm, ["inspect"], ["preflightGuards"]];
  const close: Entry[][] = [["retention"], ["cleanup"], ["files"]];
  if (type === "audit") return [["inspect"], ["preflightGuards"], ["proof"], ["cleanup"], ["files"]];
  if (type === "backup") return [...preflight, ["backup", "proof"], ...close];
  if (type === "restore")
    return scenario === "namespace"
      ? [...preflight, ...approve, "lane", ["cleanup"], ["files"]]
      : [...preflight, ...approve, ["control"], ["restore"], ["verify", "place"], ["cleanup"], ["files"]];
  const before: Entry[][] = [...preflight, ["plant"], ["backup", "proof"]];
  if (scenario === "namespace")
    return [...preflight, ["plant"], ["backup"], ["proof"], ...approve, ["destroyGuards"], "lane", ...close];
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

/** What is done to the data of a namespace, and never to a namespace itself. */
const ofDataAlone: Entry[] = ["plant", "backup", "retention"];

/** The kinds of components that a run is about; the plan's others it leaves alone. */
export function kindsOf(type: RunType, scenario: Scenario): Component["kind"][] {
  if (type === "audit") return ["pgdump", "pgbackrest", "namespace"];
  return scenario === "namespace" ? ["namespace"] : ["pgdump", "pgbackrest"];
}

/** The chosen namespaces with the databases that they name as their data: a run is about both. */
export function withData(chosen: Component[], all: Component[]): Component[] {
  return chosen.flatMap((component) => [component, ...dataOf(component, all)]);
}

export function dataOf(holder: Component, all: Component[]): PgDumpComponent[] {
  if (holder.kind !== "namespace") return [];
  const names = holder.data.map(({ component }) => component);
  return all.filter((one): one is PgDumpComponent => one.kind === "pgdump" && names.includes(one.name));
}

/** The namespace of which a component is data in a run of this scenario. */
export function holderOf({ name }: Named, all: Component[], scenario: Scenario): string | undefined {
  if (scenario !== "namespace") return undefined;
  return all.find((one) => dataOf(one, all).some((data) => data.name === name))?.name;
}

/** The steps of a run, in the order in which they are announced. Pure: the same plan gives the same steps. */
export function outline(
  type: RunType,
  scenario: Scenario,
  components: Named[],
  { approvals = false, resumes = false }: Partial<Particulars> = {},
): StepOutline[] {
  return entries(type, scenario, { approvals, resumes }).flatMap((group) => {
    if (group === "lane")
      return components.flatMap((one) => (one.holder === undefined ? laneOf(type, one, components) : []));
    if (group.some((entry) => entry in ofRun)) return group.map((entry) => runStep(entry as keyof typeof ofRun));
    return components.flatMap((c) =>
      group
        .filter((entry) => c.kind !== "namespace" || !ofDataAlone.includes(entry))
        .map((entry) => componentStep(entry as keyof typeof ofComponent, c)),
    );
  });
}

/** A namespace is back when its data is: what works with it would else begin with an empty database. */
function laneOf(type: RunType, holder: Named, components: Named[]): StepOutline[] {
  const data = components.filter((one) => one.holder === holder.name);
  const of = (...verbs: (keyof typeof ofComponent)[]) => verbs.map((verb) => componentStep(verb, holder));
  const ofEach = (...verbs: (keyof typeof ofComponent)[]) =>
    data.flatMap((one) => verbs.map((verb) => componentStep(verb, one)));
  return [
    ...(type === "exercise" ? of("destroy", "gone") : []),
    ...ofEach("control"),
    ...(data.length > 0 ? of("servers") : []),
    ...ofEach("restore", "verify", "place"),
    ...of("rebuild", "verify"),
  ];
}

function runStep(entry: keyof typeof ofRun): StepOutline {
  const [id, title, skippable] = ofRun[entry];
  return { id, phase: id.split("/")[0] as Phase, title, component: null, destroys: false, skippable };
}

function componentStep(entry: keyof typeof ofComponent, { name, kind }: Named): StepOutline {
  const [phase, usual, rule] = ofComponent[entry] as [Phase, string, { destroys?: boolean; skippable?: boolean }];
  const title = (kind === "namespace" ? titlesOfNamespace[entry] : undefined) ?? usual;
  return {
    id: stepId(entry, name),
    phase,
    title: title.replace("%", name),
    component: name,
    destroys: rule.destroys ?? false,
    skippable: rule.skippable ?? false,
  };
}
