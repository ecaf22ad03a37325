import type { Diagnosis } from "../../report/record.ts";
import { requirePassed } from "../conclude.ts";
import { claims as claimKind } from "../kubernetes/kinds.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { readiness } from "../kubernetes/readiness.ts";
import { requireCluster, type Session, withCluster } from "../kubernetes/session.ts";
import { count } from "../kubernetes/verdict.ts";
import { checkOutside } from "../outside/checks.ts";
import type { StepContext } from "../step.ts";
import type { Verification } from "../verbs.ts";
import { type Check, claimsCheck, dataChecks, type FoundData, podsCheck, wantedTrees } from "./checks.ts";
import { findWorkload } from "./find.ts";
import { known, lost, type Lost, sown } from "./memory.ts";
import { readSentinel, sentinelPath } from "./sentinel.ts";
import { readTree } from "./tree.ts";
import type { WorkloadInput } from "./verbs.ts";
import { claimsUsedBy, placesOf } from "./volumes.ts";

type Input = Omit<WorkloadInput, "run">;

/** Compares pods, volumes and every file with what they were, and asks the checks from outside once more. @throws CHECKS_FAILED */
export async function verifyWorkload(input: Input, context: StepContext): Promise<Verification> {
  return await withCluster(input.access, context, async (session) => {
    return requirePassed(await checkWorkload(input, session, context));
  });
}

/** @param causes why something is not back, where somebody has found out */
export async function checkWorkload(
  { component }: Input,
  session: Session,
  context: StepContext,
  causes: Diagnosis[] = [],
): Promise<Verification> {
  const { name, namespace } = component;
  const before = await known.recall(context, name);
  const loss = await lost.recall(context, name);
  requireCluster(session, before.cluster);
  const { workload, pods } = await findWorkload(session, component);
  const fresh = freshPods(pods, loss);
  const state = workload === undefined ? undefined : readiness(workload);
  const live = await session.cluster.list(claimKind, { namespace });
  const mounted = claimsUsedBy(fresh, live.objects).filter((one) => before.claims.some((old) => old.name === one.name));
  const outside = await checkOutside(component, context, loss);
  const checks = [
    podsCheck(before, loss, {
      ready: fresh.filter((pod) => readiness(pod).status === "ready").length,
      replicas: count(workload?.spec, "replicas", 1),
      trouble: state === undefined ? "the workload is missing" : state.status === "ready" ? null : state.message,
    }),
    ...(before.claims.length > 0 ? [claimsCheck(before, mounted)] : []),
    ...(await checkData(component, session, fresh, loss, context)),
    ...outside.checks,
  ].map((check) => ({ ...check, negativeControl: null }));
  const passed = checks.filter((check) => check.passed).length;
  return {
    checks,
    newestRecoveredAt: null,
    verifiedAt: new Date().toISOString(),
    note: `${passed} of ${checks.length} checks passed`,
    ...(causes.length > 0 && { causes }),
    ...outside.downtime,
  };
}

/** None of those that were taken away, and none that is going. */
export function freshPods(pods: KubernetesObject[], { pods: old }: Pick<Lost, "pods">): KubernetesObject[] {
  return pods.filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined && !old.some(({ uid }) => uid === metadata.uid),
  );
}

async function checkData(
  { name, namespace, data, within }: Input["component"],
  session: Session,
  fresh: KubernetesObject[],
  loss: Lost,
  context: StepContext,
): Promise<Check[]> {
  if (data === undefined) return [];
  const planted = await sown.recall(context, name);
  const running = fresh.filter(({ status }) => status?.["phase"] === "Running");
  const { places } = placesOf(running, data);
  const path = sentinelPath(data.directory, context.run);
  const checks: Check[] = [];
  for (const [claim, wanted] of Object.entries(wantedTrees(planted, loss, data.except))) {
    const place = places.find((one) => one.claim === claim);
    context.progress(`reading every file of ${data.directory} in ${claim}`);
    const { directory } = data;
    const resumes = context.run.resumes === true;
    const found: FoundData =
      place === undefined
        ? { sentinel: { trouble: "no pod has it" }, tree: null, resumes: false }
        : {
            sentinel: await readSentinel(session, { namespace, path, place }, context.signal),
            tree: await readTree(session, { namespace, directory, place, timeoutMs: within }, context.signal),
            resumes,
          };
    checks.push(...dataChecks(claim, planted.sha256, wanted, found));
  }
  return checks;
}
