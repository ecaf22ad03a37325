import { readiness } from "../kubernetes/readiness.ts";
import type { Session } from "../kubernetes/session.ts";
import { askHttp } from "../outside/http-check.ts";
import { samplesSince } from "../outside/probes.ts";
import { rest } from "../rest.ts";
import type { StepContext } from "../step.ts";
import { findWorkload } from "./find.ts";
import type { Known, Lost } from "./memory.ts";
import type { WorkloadInput } from "./verbs.ts";
import { freshPods } from "./verify.ts";

/** A check has this long to fail after the pods were gone, unless new ones are ready before. */
const patienceMs = 10_000;
/** The next pod may be ready within a second. */
const lookEveryMs = 100;

/**
 * A question that is lost on its way to a pod that has just gone is sent again by the kernel, and answered by the next pod: what
 * takes so much longer than before was not answered by the old one.
 */
const limitOf = (usualMs: number) => Math.max(1_000, Math.min(5_000, Math.ceil(usualMs * 3)));

/**
 * Asks the checks from outside while nobody may answer, until each has failed once. Begins before the pods go: the next one may be
 * ready as soon as the last one is gone.
 * @param isGone whether all of them are
 * @returns null where other pods of the workload may have answered all the while
 */
export async function askWhileGone(
  { checks, ...component }: WorkloadInput["component"],
  session: Session,
  { ready }: Pick<Known, "ready">,
  loss: Lost,
  context: StepContext,
  isGone: () => boolean,
): Promise<Lost["outside"]> {
  if (ready !== 1) return null;
  const failed = new Map<string, string>();
  const limits = new Map<string, number>();
  const note = (url: string, at: string, found: string) => failed.set(url, `no good answer at ${at}: ${found}`);
  const isBack = async () => {
    const { pods } = await findWorkload(session, component);
    return freshPods(pods, loss).some((pod) => readiness(pod).status === "ready");
  };
  for (let until = Infinity, back = false; !back && performance.now() < until && failed.size < checks.length;) {
    if (isGone()) {
      until = Math.min(until, performance.now() + patienceMs);
      // Asked before: who is ready after the answers may have given them.
      back = await isBack();
    }
    for (const check of checks.filter(({ url }) => !failed.has(url))) {
      const [at, startedAt] = [new Date().toISOString(), performance.now()];
      const { ok, found } = await askHttp(check, context.signal, limits.get(check.url));
      context.signal.throwIfAborted();
      if (!ok) note(check.url, at, found);
      else if (!limits.has(check.url)) limits.set(check.url, limitOf(performance.now() - startedAt));
    }
    await rest(lookEveryMs, context.signal);
  }
  // What was asked every second all the while counts as well.
  const samples = await samplesSince(component, context, loss.lostAt);
  for (const { url, at, ok, found } of samples) if (!ok && !failed.has(url)) note(url, at, found);
  return checks.map(({ url }) => ({
    name: url,
    passed: !failed.has(url),
    found: failed.get(url) ?? "it has answered all the while",
  }));
}
