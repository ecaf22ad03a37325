import { realpath } from "node:fs/promises";
import { sep } from "node:path";
import { describeFailure } from "../../failures.ts";
import { type ComponentFacts, nothingAmiss } from "../../guard/facts.ts";
import { targetOf } from "../../plan/target.ts";
import { exists } from "../files.ts";
import { listing } from "../namespace/inspect.ts";
import { persistentVolumes } from "../kubernetes/kinds.ts";
import type { Patience } from "../kubernetes/request.ts";
import { type Session, withCluster } from "../kubernetes/session.ts";
import { inspectPgDump } from "../pgdump/inspect.ts";
import { newestBackup } from "../pgdump/choose.ts";
import type { StepContext } from "../step.ts";
import type { Inspection } from "../verbs.ts";
import { lookAtServer } from "./server.ts";
import { dumpOf, stateOfData } from "./state.ts";
import type { DataInput } from "./verbs.ts";

type Input = Omit<DataInput, "run">;

/**
 * Looks at the database and at who runs and uses it; after a real loss, at the newest backup and at what is there by now.
 * @param patience with an API server that does not answer; minutes unless told
 */
export async function inspectNamespaceData(
  { toTime, ...input }: Input & { toTime: string | null },
  context: StepContext,
  patience?: Patience,
): Promise<Inspection> {
  const look = async (session: Session) =>
    context.run.type === "restore"
      ? await inspectLost(session, input, toTime, context)
      : await inspectLive(session, input, context);
  return await withCluster(input.access, context, look, patience);
}

/** A database may go, and what is made in its place be set aside, where its namespace may. */
export async function inspectLive(session: Session, input: Input, context: StepContext): Promise<Inspection> {
  const { component, holder } = input;
  const { target, note, facts } = await inspectPgDump({ component, toTime: null }, context);
  const { problems } = await lookAtServer(session, holder, component);
  return {
    target,
    note: `${note}; ${problems[0]?.problem ?? `a pod of namespace ${holder.namespace}`}`,
    facts: {
      ...facts,
      ...listing(session, holder.namespace, context.config),
      insideTarget: [...facts.insideTarget, ...(await insideVolumes(session, input, context))],
      misplaced: problems,
    },
  };
}

/** Dumps, records and run directories that lie in a volume of the namespace; only seen where the volume is a directory of this host. */
async function insideVolumes(
  { cluster }: Session,
  { component, holder }: Input,
  { config }: StepContext,
): Promise<string[]> {
  const { objects } = await cluster.list(persistentVolumes);
  const directories = objects.flatMap(({ spec }) => {
    const { claimRef, hostPath, local } = (spec ?? {}) as {
      claimRef?: { namespace?: string };
      hostPath?: { path: string };
      local?: { path: string };
    };
    const path = hostPath?.path ?? local?.path;
    return claimRef?.namespace === holder.namespace && path !== undefined ? [path] : [];
  });
  const paths = await Promise.all(
    [component.dumps, config.records, config.state].map(async (path) => ((await exists(path)) ? realpath(path) : path)),
  );
  return paths.filter((path) => directories.some((one) => path === one || path.startsWith(one + sep)));
}

async function inspectLost(
  session: Session,
  input: Input,
  toTime: string | null,
  context: StepContext,
): Promise<Inspection> {
  const { component } = input;
  const newest = await newestBackup(component, toTime, context.run.plan);
  const found = await whatIsThere(session, input, toTime, context);
  // What is made in the new server until then is set aside.
  const isLost = found.state === "lost";
  const facts = { ...factsInNewServer(session, input, found.identity, context), exists: isLost, lost: isLost };
  return { target: facts.target, note: `${found.note}; newest backup ${newest.id}`, facts };
}

/** Of what takes the place of a lost database: nobody may be able to look into it. */
export function factsInNewServer(
  session: Session,
  { component, holder }: Input,
  identity: string,
  { config }: StepContext,
): ComponentFacts {
  return {
    name: component.name,
    kind: component.kind,
    target: targetOf(component),
    exists: true,
    identity,
    ...listing(session, holder.namespace, config),
    ...nothingAmiss,
  };
}

/** A server that does not answer yet is one that is not there. */
async function whatIsThere(
  session: Session,
  { component, holder }: Input,
  toTime: string | null,
  context: StepContext,
): Promise<{ state: "kept" | "lost"; identity: string; note: string }> {
  try {
    const { systemIdentifier, problems } = await lookAtServer(session, holder, component);
    const [first] = problems;
    if (first !== undefined) return { state: "lost", identity: session.identity, note: first.problem };
    const state = await stateOfData(component, await dumpOf(component, null, toTime, context), context);
    const note = state === "kept" ? "its data is there" : "its server is a new one";
    return { state, identity: systemIdentifier, note };
  } catch (error) {
    const { type, message } = describeFailure(error);
    if (type !== "SYSTEM_UNREACHABLE" && type !== "AUTHENTICATION_FAILED") throw error;
    return { state: "lost", identity: session.identity, note: message };
  }
}
