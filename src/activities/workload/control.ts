import type { HttpCheck } from "../../plan/cluster-parts.ts";
import { readiness } from "../kubernetes/readiness.ts";
import { requireCluster, type Session, withCluster } from "../kubernetes/session.ts";
import { samplesSince, whileProbing } from "../outside/probes.ts";
import { rest } from "../rest.ts";
import type { StepContext } from "../step.ts";
import type { Control } from "../verbs.ts";
import { checkNames, wantedTrees } from "./checks.ts";
import { findWorkload } from "./find.ts";
import { known, lost, type Lost, sown } from "./memory.ts";
import type { WorkloadInput } from "./verbs.ts";
import { freshPods } from "./verify.ts";

type Input = Omit<WorkloadInput, "run">;

/** A check from outside has this long to fail after the pods were gone, unless new ones are ready before. */
const patienceMs = 10_000;
const lookEveryMs = 200;

/**
 * The negative control: what is checked later was reached through pods that are gone. A check from outside must have failed where
 * one pod was all there was; of several some may have answered all the while.
 */
export async function controlWorkload({ component, access }: Input, context: StepContext): Promise<Control> {
  const { name, data } = component;
  const before = await known.recall(context, name);
  const loss = await lost.recall(context, name);
  const wanted = data === undefined ? {} : wantedTrees(await sown.recall(context, name), loss, data.except);
  return await withCluster(access, context, async (session) => {
    requireCluster(session, before.cluster);
    const { pods } = await findWorkload(session, component);
    const old = pods.filter(({ metadata }) => loss.pods.some(({ uid }) => uid === metadata.uid));
    const found = old.length === 0 ? "gone with the old pods" : `pod ${old[0]!.metadata.name} was not taken away`;
    const inside = checkNames(before, wanted).map((one) => ({ name: one, passed: old.length > 0, found }));
    const alone = before.ready === 1 && loss.pods.length === 1;
    const outside = alone ? await askOutside(component, session, loss, context) : [];
    const checks = [...inside, ...outside];
    const answered = checks.filter(({ passed }) => passed).length;
    const note =
      answered === 0 ? "the old pods are gone" : `${answered} of ${checks.length} checks pass although they are gone`;
    return { checks, lostAt: loss.lostAt, note };
  });
}

/** Whether each check has failed once since the loss: one that never did proves nothing. */
async function askOutside(
  component: Input["component"],
  session: Session,
  loss: Lost,
  context: StepContext,
): Promise<Control["checks"]> {
  const failures = async () => {
    const samples = await samplesSince(component, context, loss.lostAt);
    return new Map(samples.filter(({ ok }) => !ok).map((sample) => [sample.url, sample]));
  };
  const isBack = async () => {
    const { pods } = await findWorkload(session, component);
    return freshPods(pods, loss).some((pod) => readiness(pod).status === "ready");
  };
  await whileProbing(component, context, async () => {
    const until = performance.now() + patienceMs;
    while ((await failures()).size < component.checks.length && performance.now() < until && !(await isBack()))
      await rest(lookEveryMs, context.signal);
  });
  const failed = await failures();
  return component.checks.map(({ url }: HttpCheck) => {
    const sample = failed.get(url);
    return sample === undefined
      ? { name: url, passed: true, found: "it has answered all the while" }
      : { name: url, passed: false, found: `no good answer at ${sample.at}: ${sample.found}` };
  });
}
