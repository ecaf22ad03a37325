import type { Clues, Finding, Snapshot } from "./cause.ts";
import { eventsOf, quote } from "./look.ts";
import { waitsForOther } from "./outside.ts";
import { brokenContainers, type Container } from "./pods.ts";
import { isOverdue, killedByProbe } from "./stuck.ts";

/** Probes that do not pass. */

export function probes(snapshot: Snapshot): Clues {
  const findings = brokenContainers(snapshot).flatMap((container): Finding[] => {
    const probe = failing(snapshot, container);
    if (probe === undefined) return [];
    const { place, status } = container;
    const said = messageOf(snapshot, container, probe);
    const consequence = { readiness: "is never ready", liveness: "is restarted", startup: "never starts up" }[probe];
    return [
      {
        at: place,
        object: place,
        waitsFor: waitsForOther(snapshot, container),
        type: "PROBE_FAILED",
        cause: `container ${status.name} ${consequence}, because its ${probe} probe fails${said}`,
        hint:
          probe === "readiness"
            ? "Look whether the program listens where the probe asks, and what its log says."
            : `Look whether the probe asks the right port and path, and gives the program enough time.`,
      },
    ];
  });
  return { findings, needs: [] };
}

function failing(snapshot: Snapshot, container: Container): "readiness" | "liveness" | "startup" | undefined {
  const { status } = container;
  const killed = killedByProbe(snapshot, container);
  if (killed === "startup" || (killed !== undefined && status.restartCount >= 2)) return killed;
  if (!isOverdue(snapshot, container)) return undefined;
  return status.started === false ? "startup" : "readiness";
}

function messageOf(snapshot: Snapshot, { pod, status }: Container, probe: string): string {
  const said = eventsOf(snapshot, pod, "Unhealthy").findLast(
    ({ message, fieldPath }) => message.toLowerCase().startsWith(probe) && fieldPath.includes(`{${status.name}}`),
  );
  const reason = said && quote(said.message.replace(/^\w+ probe (failed|errored[^:]*): ?/, ""), 200);
  return reason ? `: ${reason}` : "";
}
