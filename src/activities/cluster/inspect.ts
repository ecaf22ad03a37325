import { describeFailure, fail } from "../../failures.ts";
import { nothingAmiss } from "../../guard/facts.ts";
import { reluctance } from "../argocd/layer.ts";
import { targetOf } from "../../plan/target.ts";
import { askOnce, noteBefore } from "../checks/index.ts";
import { kubeconfigText } from "../kubernetes/access.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Patience } from "../kubernetes/request.ts";
import { isUnanswered } from "../kubernetes/refusal.ts";
import { readiness } from "../kubernetes/readiness.ts";
import { serverCertificate } from "../kubernetes/server-certificate.ts";
import { type Session, withCluster } from "../kubernetes/session.ts";
import { shellWord } from "../../report/safe-text.ts";
import type { StepContext } from "../step.ts";
import type { Inspection } from "../verbs.ts";
import { imagesOf, lostWithIt } from "./blast-radius.ts";
import { type LayerState, layersOf, statesOf } from "./layers.ts";
import { keepKnown } from "./memory.ts";
import { unsavedVolumes } from "./unsaved.ts";
import type { ClusterInput } from "./verbs.ts";

type Input = Omit<ClusterInput, "run">;

export const nodeKind = { group: "", version: "v1", kind: "Node", plural: "nodes", namespaced: false };

/** Who the cluster is, and what of it must come back. Changes nothing in it. */
export async function inspectCluster(input: Input, context: StepContext, patience?: Patience): Promise<Inspection> {
  const { access } = input;
  const kubeconfig = await kubeconfigText(access, context.signal);
  const look = (session: Session) => inspectWithin(session, input, kubeconfig, context);
  return await withCluster(access, context, look, patience).catch((error: unknown) => {
    throw isUnanswered(error) ? lostPerhaps(error, context) : error;
  });
}

/** Of two ways to go on only one is a retry. */
function lostPerhaps(error: unknown, { run }: StepContext): Error {
  const { message } = describeFailure(error);
  const hint = `Mend the way to it. If the cluster is lost for real: firedrill restore ${shellWord(run.plan)} --scenario cluster`;
  return fail("SYSTEM_UNREACHABLE", message, hint);
}

async function inspectWithin(
  session: Session,
  { component, access, gitops, checks, saved }: Input,
  kubeconfig: string,
  context: StepContext,
): Promise<Inspection> {
  const { cluster, identity } = session;
  const { objects } = await cluster.list(nodeKind);
  const isReady = (node: KubernetesObject) => readiness(node).status === "ready";
  const nodes = objects.filter(isReady).map(({ metadata }) => metadata.name);
  const layers = gitops === undefined ? [] : await layerStates(session, gitops);
  context.progress(`asking ${checks.length} checks`);
  const around = { session, signal: context.signal };
  const noted = await noteBefore(checks, around);
  const asked = await askOnce(noted, around);
  context.progress("asking the registries for the images");
  const images = await imagesOf(session, context.signal);
  const certificate = await serverCertificate(kubeconfig, access.context, context.signal);
  const known = {
    identity,
    server: cluster.server,
    ...(certificate !== null && { certificate }),
    nodes,
    layers: layers.map(({ name }) => name),
    takenAt: new Date().toISOString(),
    checks: noted,
  };
  if (context.run.type === "exercise") await keepKnown(context, known, kubeconfig);
  const unready = layers.filter(({ ready }) => !ready);
  const passed = asked.filter(({ ok }) => ok).length;
  return {
    target: targetOf(component),
    note: `${nodes.length} of ${objects.length} nodes and ${layers.length - unready.length} of ${layers.length} layers are ready, ${passed} of ${asked.length} checks pass, ${images.asked - images.unknown.length} of ${images.asked} images found in their registries`,
    facts: {
      name: component.name,
      kind: component.kind,
      target: `cluster at ${cluster.server}`,
      lock: `kubernetes/${identity}`,
      exists: true,
      identity,
      // What may be destroyed is said of the layers that make it: its own uid is another one after each rebuild.
      listed: true,
      listLine: "",
      ...nothingAmiss,
      insideTarget: await lostWithIt(session, { access, gitops }),
      recovery: {
        orphans: { names: [], more: 0 },
        images: images.gone,
        volumes: await unsavedVolumes(session, { component, saved }),
        gitops: layers.flatMap(problemsOf),
      },
      workload: { trouble: troubleOf(objects.filter((node) => !isReady(node))), volatile: [], drain: [] },
      failing: asked.filter(({ ok }) => !ok).map(({ name, found }) => ({ check: name, found })),
    },
  };
}

function problemsOf({ name, ready, found, object }: LayerState) {
  if (ready) return object === undefined ? [] : reluctance(object);
  return [
    {
      problem: `layer ${name} is not ready: ${found}`,
      hint: "Let it become ready before a drill: what is broken now proves nothing about what comes back.",
    },
  ];
}

/** What is missing before could be missing afterwards as well, and nobody would see it. */
function troubleOf(unready: KubernetesObject[]): string | null {
  const names = unready.map(({ metadata }) => metadata.name);
  if (names.length === 0) return null;
  return names.length === 1 ? `node ${names[0]} is not ready` : `nodes ${names.join(", ")} are not ready`;
}

async function layerStates({ cluster }: Session, gitops: NonNullable<Input["gitops"]>): Promise<LayerState[]> {
  const layers = layersOf(gitops);
  return statesOf(layers, (await cluster.list(layers.kind, { namespace: layers.namespace })).objects);
}
