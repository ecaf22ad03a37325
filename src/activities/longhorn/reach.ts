import { fail } from "../../failures.ts";
import type { ClusterAccess } from "../../plan/access-schema.ts";
import type { LonghornComponent } from "../../plan/longhorn-schema.ts";
import { forgetLeftover, noteLeftover } from "../leftovers.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { readiness } from "../kubernetes/readiness.ts";
import type { Session } from "../kubernetes/session.ts";
import type { StepContext } from "../step.ts";
import { listScript, readTree, type Tree } from "./content.ts";
import { pods, runLabel } from "./kinds.ts";
import { isUp, type Reach, reachIn, type Reader, readerPod, runThere } from "./reader.ts";
import { untilDone } from "./wait.ts";
import { usersOf } from "./workload.ts";

export interface Where {
  component: LonghornComponent;
  access: ClusterAccess;
  namespace: string;
  claim: string;
}

export const labelsOf = ({ run }: Pick<StepContext, "run">) => ({ [runLabel]: run.short });

/** Every file of a volume's directory with its checksum, by a pod that uses it or by a short-lived one. */
export async function listFiles(
  session: Session,
  where: Where,
  reader: Reader | null,
  context: StepContext,
): Promise<Tree> {
  return await withReach(session, where, reader, { write: false }, context, async (reach) => {
    context.progress("reading every file of the volume");
    return readTree(await runThere(session.cluster, reach, listScript, [reach.path], context.signal));
  });
}

/** Lets `use` reach the files of a volume. @param reader of a pod of our own; null where none can be made */
export async function withReach<T>(
  session: Session,
  where: Where,
  reader: Reader | null,
  { write }: { write: boolean },
  context: StepContext,
  use: (reach: Reach) => Promise<T>,
): Promise<T> {
  const { component, namespace, claim } = where;
  const users = (await usersOf(session.cluster, namespace, claim)).filter(isUp);
  if (component.image === undefined) {
    const reaches = users.map((pod) => reachIn(pod, claim, component.directory));
    const own = reaches.find((reach) => reach !== undefined && !(write && reach.readOnly));
    if (own !== undefined) return await use(own);
  }
  if (reader === null) {
    const hint = "Name an `image` with sh, find, stat and sha256sum in the plan; then retry.";
    throw fail(
      "PROGRAM_MISSING",
      `no pod has claim ${namespace}/${claim} mounted, and no image is known to read it by`,
      hint,
    );
  }
  const node = users.map(({ spec }) => spec?.["nodeName"]).find((name) => typeof name === "string");
  return await withOwnPod(session, where, { ...reader, node }, { write }, context, use);
}

async function withOwnPod<T>(
  session: Session,
  { component, access, namespace, claim }: Where,
  reader: Reader,
  { write }: { write: boolean },
  context: StepContext,
  use: (reach: Reach) => Promise<T>,
): Promise<T> {
  const { cluster } = session;
  const name = `firedrill-${context.run.short}-${component.name}`;
  const wanted = readerPod(reader, { name, namespace, claim, labels: labelsOf(context), readOnly: !write });
  const key = `reader.${component.name}`;
  await noteLeftover(context.directory, key, {
    kind: "object",
    access,
    cluster: session.identity,
    object: idOf(wanted, context),
  });
  await removePod(session, wanted, component, context);
  await cluster.create(wanted);
  try {
    await untilDone(
      cluster,
      (watched) => {
        const pod = watched.find("Pod", name);
        if (pod === undefined) return { is: "working", text: "the pod is not there yet" };
        const { status, message } = readiness(pod);
        if (status === "ready") return { is: "done" };
        return { is: "working", text: [message, waitingIn(pod)].filter((one) => one !== "").join(": ") };
      },
      {
        what: `the pod ${namespace}/${name}, which reads the volume`,
        kinds: [pods],
        namespace,
        failure: "NOT_RECOVERED",
        stuckHint: `Look why: kubectl -n ${namespace} describe pod ${name}; then retry.`,
      },
      component,
      context,
    );
    const below = component.directory === "." ? "" : `/${component.directory}`;
    return await use({ namespace, pod: name, container: "volume", path: `/volume${below}` });
  } finally {
    await removePod(session, wanted, component, context);
    await forgetLeftover(context.directory, key);
  }
}

/** Why a container does not start. */
function waitingIn({ status }: KubernetesObject): string {
  const states = (status?.["containerStatuses"] ?? []) as {
    state?: { waiting?: { reason?: string; message?: string } };
  }[];
  const waiting = states.map(({ state }) => state?.waiting).find((one) => one !== undefined);
  return waiting === undefined ? "" : `${waiting.reason ?? ""} ${waiting.message ?? ""}`.trim();
}

/** A volume that one pod at a time may have is free for the next only when this one is gone. */
async function removePod(
  { cluster }: Session,
  { metadata: { name, namespace } }: KubernetesObject,
  { within, standstill }: LonghornComponent,
  context: StepContext,
): Promise<void> {
  if ((await cluster.remove(pods, name, namespace)) === "gone") return;
  await untilDone(
    cluster,
    (watched) =>
      watched.find("Pod", name) === undefined ? { is: "done" } : { is: "working", text: "the pod is ending" },
    {
      what: `pod ${namespace}/${name} to go`,
      kinds: [pods],
      namespace: namespace!,
      failure: "TIMED_OUT",
      stuckHint: `Look why: kubectl -n ${namespace} describe pod ${name}; then retry.`,
    },
    { within, standstill },
    context,
  );
}

/** What a leftover says of an object of ours. */
export function idOf({ apiVersion, kind, metadata }: KubernetesObject, { run }: Pick<StepContext, "run">) {
  const { name, namespace = "" } = metadata;
  return { apiVersion, kind, name, namespace, run: run.short };
}
