import prettyMs from "pretty-ms";
import type { NamespaceComponent } from "../../plan/namespace-schema.ts";
import { durationMs } from "../../plan/units.ts";
import type { Holder, Problem } from "./holds.ts";

/** When Flux looks by itself, where nobody asks it. Pure. */

/** Flux moves each turn by up to this part of the interval (fluxcd/pkg/runtime/jitter: `--interval-jitter-percentage`, 5). */
const jitter = 0.05;

/** Why a run that leaves Flux alone would be over before Flux's own turn. */
export function turnProblems(
  { rebuild, namespace, within, standstill }: NamespaceComponent,
  holders: Holder[],
): Problem[] {
  if (rebuild !== "wait") return [];
  const limits = [
    { key: "standstill", ms: standstill },
    { key: "within", ms: within },
  ];
  return holders.flatMap(({ object, name }) => {
    // One in the namespace goes with it, and begins at once when it is there again.
    if (object.metadata.namespace === namespace) return [];
    const { interval = "" } = (object.spec ?? {}) as { interval?: string };
    const turn = (durationMs(interval) ?? 0) * (1 + jitter);
    const short = limits.filter(({ ms }) => turn >= ms);
    if (short.length === 0) return [];
    const named = short.map(({ key, ms }) => `\`${key}\` of ${prettyMs(ms)}`).join(" and ");
    const keys = short.map(({ key }) => `\`${key}\``).join(" and ");
    return [
      {
        problem: `\`rebuild: wait\` leaves it to Flux, and ${name} has its own turn only every ${interval} (spec.interval; up to ${prettyMs(turn)} with Flux's jitter), no sooner than the component's ${named} is over`,
        hint: `Lengthen ${keys} to more than ${prettyMs(turn)}, shorten spec.interval, or let the run ask Flux (\`rebuild: request\`).`,
      },
    ];
  });
}
