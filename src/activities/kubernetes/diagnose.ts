import { log } from "@temporalio/activity";
import type { Expected } from "../../diagnosis/cause.ts";
import { diagnoseNamespace } from "../../diagnosis/index.ts";
import { describeFailure } from "../../failures.ts";
import { redact } from "../../redaction.ts";
import type { Diagnosis } from "../../report/record.ts";
import { rest } from "../rest.ts";
import { takeSnapshot } from "./snapshot.ts";
import type { Session } from "./session.ts";

/** Why something is not back is asked while it is waited for, so that a person need not wait for the end to know. */
const everyMs = 10_000;

/** Looks for causes again and again, until it is stopped. */
export function createDiagnostician(
  { cluster, resources }: Session,
  namespace: string,
  entries: Expected[],
  signal: AbortSignal,
) {
  let causes: Diagnosis[] = [];

  async function look(): Promise<Diagnosis[]> {
    const wanted = entries.map(({ apiVersion, kind, name }) => ({ apiVersion, kind, name }));
    const found = diagnoseNamespace(await takeSnapshot(cluster, resources, namespace, wanted));
    return found.map(({ object, cause, hint }) => ({ object, cause, hint }));
  }

  const looking = (async () => {
    while (!signal.aborted) {
      await rest(everyMs, signal);
      if (signal.aborted) return;
      // The wait goes on without it.
      await look().then(
        (found) => (causes = found),
        (error: unknown) => log.warn("cannot look for causes", { error: redact(String(error)) }),
      );
    }
  })();

  return {
    /** What was found last, to stand behind the progress. */
    newest: () => (causes[0] === undefined ? "" : `; ${causes[0].object}: ${causes[0].cause}`),
    /** Once more at the end; what is missing is told in any case. */
    atLast: async (): Promise<Diagnosis[]> =>
      await look().catch((error: unknown) => {
        const { message, hint } = describeFailure(error);
        return [
          ...causes,
          { object: namespace, cause: `the causes could not be looked for: ${redact(message)}`, hint },
        ];
      }),
    stop: async () => await looking,
  };
}
