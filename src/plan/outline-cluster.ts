import {
  componentStep,
  type LayerVerb,
  layerStep,
  type Named,
  type Particulars,
  runStep,
  type StepOutline,
  type Verb,
} from "./steps.ts";

const each = (of: Named[], ...verbs: Verb[]) => of.flatMap((one) => verbs.map((verb) => componentStep(verb, one)));
const eachLost = (of: Named[], verb: Verb) => of.map((one) => componentStep(verb, one, true));

/** The runbook of a cluster that was lost for real. @param finding which volumes there are is known once the new cluster answers. Pure. */
export function outlineOfLostCluster(
  components: Named[],
  finding: StepOutline[],
  { approvals, resumes, layers }: Particulars,
): StepOutline[] {
  const cluster = components.filter(({ kind }) => kind === "cluster");
  const data = components.filter(({ kind }) => kind !== "cluster");
  const eachLayer = (verb: LayerVerb) => layers.map((layer) => layerStep(verb, layer, cluster[0]?.name ?? ""));
  return [
    ...(resumes ? each(cluster, "confirm") : []),
    ...eachLost(cluster, "inspect"),
    ...eachLayer("inspectLayer"),
    runStep("preflightGuards"),
    ...(approvals ? [runStep("approve")] : []),
    ...eachLayer("applyLayer"),
    ...eachLost(cluster, "rebuild"),
    ...finding,
    ...eachLost(data, "restore"),
    ...eachLost(cluster, "settle"),
    ...eachLost(data, "verify"),
    ...eachLost(data, "place"),
    ...eachLost(cluster, "verify"),
    runStep("cleanup"),
    runStep("files"),
  ];
}

/** The runbook of the drill of a whole cluster, in which layers, volumes and the cluster itself take turns. Pure. */
export function outlineOfCluster(components: Named[], { approvals, resumes, layers }: Particulars): StepOutline[] {
  const cluster = components.filter(({ kind }) => kind === "cluster");
  const data = components.filter(({ kind }) => kind !== "cluster");
  const eachLayer = (verb: LayerVerb, of = layers) => of.map((layer) => layerStep(verb, layer, cluster[0]?.name ?? ""));
  return [
    ...(resumes ? each(cluster, "confirm") : []),
    ...each(components, "inspect"),
    ...eachLayer("inspectLayer"),
    ...eachLayer("planLayer", layers.toReversed()),
    runStep("preflightGuards"),
    ...each(data, "plant"),
    ...each(data, "backup", "proof"),
    ...each(cluster, "proof"),
    ...(approvals ? [runStep("approve")] : []),
    runStep("destroyGuards"),
    ...eachLayer("destroyLayer", layers.toReversed()),
    ...each(cluster, "gone"),
    ...eachLayer("applyLayer"),
    ...each(cluster, "rebuild"),
    ...each(data, "control"),
    ...each(data, "restore"),
    ...each(data, "verify"),
    ...each(cluster, "settle"),
    ...each(data, "place"),
    ...each(cluster, "verify"),
    ...each(data, "retention"),
    runStep("cleanup"),
    runStep("files"),
  ];
}
