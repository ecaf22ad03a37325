/** The steps that there are, and all that is said about each. Pure. */

import type { Phase } from "../report/record.ts";

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

export interface Named {
  name: string;
  kind: string;
  /** The namespace of which it is data, and is lost and restored with; undefined for all others. */
  holder?: string | undefined;
  /** It means many volumes, which are still to be found. */
  many?: boolean | undefined;
  /** The component of the plan that means this volume among others; undefined for all others. */
  of?: { component: string } | undefined;
}

/** What the steps of a run depend on besides its type and scenario. */
export interface Particulars {
  /** The plan asks for some. */
  approvals: boolean;
  /** It takes over from a run that was closed. */
  resumes: boolean;
  /** Names of the layers of infrastructure, in the order in which they are made. */
  layers: string[];
}

const ofComponent = {
  list: ["preflight", "Find the volumes of %", { infix: "list" }],
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
  settle: ["rebuild", "Wait until every layer of GitOps in % is ready", { infix: "gitops" }],
  restore: ["restore", "Restore %", {}],
  verify: ["verify", "Verify the restored data of %", { skippable: true }],
  place: ["verify", "Put the restored % into place", { infix: "place" }],
  retention: ["report", "Remove old backups of %", { infix: "retention", skippable: true }],
} as const satisfies Record<string, [Phase, string, { infix?: string; destroys?: boolean; skippable?: boolean }]>;

/** About a layer of infrastructure, which is a part of the cluster. */
const ofLayer = {
  inspectLayer: ["preflight", "Look at layer %: whose state it is, and what it holds", { infix: "layer" }],
  planLayer: [
    "preflight",
    "Plan the destruction of layer %, and compare it with what it may destroy",
    { infix: "plan" },
  ],
  destroyLayer: ["destroy", "Destroy layer %", { infix: "layer", destroys: true }],
  applyLayer: ["rebuild", "Make layer % anew", { infix: "layer" }],
} as const satisfies Record<string, [Phase, string, { infix: string; destroys?: boolean }]>;

export const ofRun = {
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
  verify: "Compare every file of the restored %",
  place: "Let the workload of % have the restored volume",
  retention: "Leave old backups of % to Longhorn",
};

const titlesOfCluster: typeof titlesOfNamespace = {
  inspect: "Look at %: who it is, its nodes and layers, what the checks find",
  proof: "Prove that Git has what GitOps will bring back into %",
  gone: "Negative control: % may not answer, and no check may pass",
  rebuild: "Wait until another cluster answers in place of %",
  verify: "Compare % with what it was, and ask the checks",
};

const titlesOf: Record<string, typeof titlesOfNamespace> = {
  cluster: titlesOfCluster,
  namespace: titlesOfNamespace,
  workload: titlesOfWorkload,
  longhorn: titlesOfVolume,
};

/** After a real loss: nobody knows what was there before. */
const titlesAfterLoss: Record<string, typeof titlesOfNamespace> = {
  cluster: {
    inspect: "Look whether anything answers in place of %",
    rebuild: "Wait until the new % answers",
    verify: "Look at the nodes of %, and ask the checks",
  },
  longhorn: { verify: "Read every file of the restored %", place: "See the workload of % use the restored volume" },
};

/** The ID of a step about a component; the only place that knows how IDs are made. */
export function stepId(verb: Verb | LayerVerb, component: string): string {
  const [phase, , { infix }] = { ...ofComponent, ...ofLayer }[verb] as [Phase, string, { infix?: string }];
  return infix === undefined ? `${phase}/${component}` : `${phase}/${infix}/${component}`;
}

/** Which step an ID means, whatever it is about; undefined where there is no such step. */
export function verbOf(id: string): StepVerb | undefined {
  const ofWhole = (Object.keys(ofRun) as RunVerb[]).find((verb) => ofRun[verb][0] === id);
  const begin = id.slice(0, id.lastIndexOf("/") + 1);
  const others = Object.keys({ ...ofComponent, ...ofLayer }) as (Verb | LayerVerb)[];
  return ofWhole ?? others.find((verb) => stepId(verb, "") === begin);
}

export type Verb = keyof typeof ofComponent;
export type LayerVerb = keyof typeof ofLayer;
export type RunVerb = keyof typeof ofRun;
export type StepVerb = Verb | LayerVerb | RunVerb;

/** A step of whichever sort. @param name of what it is about, where it is not about the whole run */
export function outlineOfVerb(verb: StepVerb, kind: string, name: string): StepOutline {
  if (verb in ofRun) return runStep(verb as RunVerb);
  if (verb in ofLayer) return layerStep(verb as LayerVerb, name, name);
  return componentStep(verb as Verb, { name, kind });
}

export function runStep(entry: RunVerb): StepOutline {
  const [id, title, skippable] = ofRun[entry];
  return { id, phase: id.split("/")[0] as Phase, title, component: null, destroys: false, skippable };
}

/** @param lost whether it is about what was lost for real */
export function componentStep(entry: Verb, { name, kind, many = false }: Named, lost = false): StepOutline {
  const [phase, usual, rule] = ofComponent[entry] as [Phase, string, { destroys?: boolean; skippable?: boolean }];
  const title = (lost ? titlesAfterLoss[kind]?.[entry] : undefined) ?? titlesOf[kind]?.[entry] ?? usual;
  return {
    id: stepId(entry, name),
    phase,
    title: title.replace("%", many && entry !== "list" ? `each volume of ${name}` : name),
    component: name,
    destroys: rule.destroys ?? false,
    skippable: rule.skippable ?? false,
  };
}

/** @param cluster name of the component that it is a part of */
export function layerStep(entry: LayerVerb, layer: string, cluster: string): StepOutline {
  const [phase, title, rule] = ofLayer[entry] as [Phase, string, { destroys?: boolean }];
  return {
    id: stepId(entry, layer),
    phase,
    title: title.replace("%", layer),
    component: cluster,
    destroys: rule.destroys ?? false,
    skippable: false,
  };
}
