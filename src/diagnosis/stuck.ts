import type { Snapshot } from "./cause.ts";
import { at, eventsOf, quote, secondsSince } from "./look.ts";
import { type Container, logOf, type Probe } from "./pods.ts";

/** Which containers are stuck, and no longer merely on their way. */

export const endOf = ({ status }: Container) => status.state?.terminated ?? status.lastState?.terminated;

/** It has ended often enough, and did so lately; once or twice may be the price of starting together with others. */
export function isCrashing(snapshot: Snapshot, container: Container): boolean {
  const { status, pod, init } = container;
  const end = endOf(container);
  if (end === undefined || (init && end.exitCode === 0)) return false;
  if (at(pod, "status.phase") === "Failed") return end.exitCode !== 0;
  const certain = end.reason === "OOMKilled" || end.reason === "StartError" || [126, 127].includes(end.exitCode);
  if (status.state?.waiting?.reason === "CrashLoopBackOff") return certain || status.restartCount >= 2;
  const lately = secondsSince(snapshot, end.finishedAt) < 360;
  return lately && status.state?.waiting === undefined && status.restartCount >= 2 && !status.ready;
}

/** The probe for which the kubelet killed it last. */
export function killedByProbe(snapshot: Snapshot, { pod, status }: Container): "liveness" | "startup" | undefined {
  if (status.restartCount === 0) return undefined;
  const killing = eventsOf(snapshot, pod, "Killing").findLast(({ message }) =>
    message.startsWith(`Container ${status.name} failed `),
  );
  return killing && (killing.message.includes("startup probe") ? "startup" : "liveness");
}

/** It runs for longer than its probe may fail, and is not ready. */
export function isOverdue(snapshot: Snapshot, { spec, status }: Container): boolean {
  const probe = status.started === false ? spec.startupProbe : spec.readinessProbe;
  const since = status.state?.running?.startedAt;
  if (status.ready || since === undefined || probe === undefined) return false;
  const startup = status.started !== false && spec.startupProbe ? mayFailSeconds(spec.startupProbe) : 0;
  return secondsSince(snapshot, since) > startup + mayFailSeconds(probe);
}

function mayFailSeconds(probe: Probe): number {
  const { initialDelaySeconds = 0, periodSeconds = 10, timeoutSeconds = 1, failureThreshold = 3 } = probe;
  // One period more: the kubelet tells of a probe only after it.
  return initialDelaySeconds + periodSeconds * (failureThreshold + 1) + timeoutSeconds;
}

/** As the end of a sentence. */
export function lastLines(snapshot: Snapshot, container: Container): string {
  const lines = logOf(snapshot, container).slice(-3);
  return lines.length === 0 ? ", and logs nothing" : `: "${quote(lines.join(" | "))}"`;
}

export const times = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
