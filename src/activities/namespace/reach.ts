import { describeFailure } from "../../failures.ts";
import type { PgDumpComponent } from "../../plan/schema.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { readiness } from "../kubernetes/readiness.ts";
import { dataEntry, requireServer } from "../namespace-data/server.ts";
import type { StepContext } from "../step.ts";
import { bringBack, type NamespaceGoal } from "./bring-back.ts";
import { keepVolumes } from "./keep-volumes.ts";
import { recallInventory, recallRecovery } from "./memory.ts";
import { whileProbing } from "../outside/probes.ts";
import { requireSame } from "./same.ts";
import { type Session, withCluster } from "../kubernetes/session.ts";
import type { NamespaceInput, Rebuilt } from "./verbs.ts";

type Input = Omit<NamespaceInput, "run"> & { data: PgDumpComponent[] };

/** Lets GitOps begin, and watches until the servers of the namespace's data answer under the addresses of its components. */
export async function reachNamespace(input: Input, context: StepContext): Promise<Rebuilt> {
  const { component, access, data } = input;
  const from = new Date().toISOString();
  return await withCluster(access, context, async (session) => {
    const known = await recallInventory(context, component.name);
    const recovery = await recallRecovery(context, component.name);
    requireSame(session, undefined, known);
    await keepVolumes(session, known);
    await whileProbing(component, context, async () =>
      bringBack(input, session, known, recovery, context, serversAnswer(input, session)),
    );
    const names = data.map((one) => dataEntry(component, one).server).join(", ");
    const seconds = (Date.now() - Date.parse(recovery.lostAt)) / 1_000;
    return {
      waits: [{ from, to: new Date().toISOString() }],
      note: `${names} answers, ${seconds.toFixed(1)} s after the loss`,
    };
  });
}

function serversAnswer({ component, data }: Input, session: Session): NamespaceGoal {
  const wanted = data.map((one) => dataEntry(component, one).server);
  return {
    what: `${wanted.join(", ")} to answer`,
    isMet: (_, objects) => wanted.every((server) => isThere(server, objects)),
    // A Service leads to a pod a moment after that is ready.
    settleMs: 100,
    async missing() {
      for (const one of data) {
        try {
          await requireServer(session, component, one);
        } catch (error) {
          const { type, message } = describeFailure(error);
          if (!notYet.has(type)) throw error;
          return message;
        }
      }
      return undefined;
    },
  };
}

/** While a Service still leads nowhere, or to the pod that is going. */
const notYet = new Set(["SYSTEM_UNREACHABLE", "IDENTITY_CHANGED", "AUTHENTICATION_FAILED", "DATABASE_MISSING"]);

/** An object that runs pods and is ready; one of a kind that is not watched is asked for its pods alone. */
function isThere(server: string, objects: KubernetesObject[]): boolean {
  const object = objects.find(({ kind, metadata }) => `${kind}/${metadata.name}` === server);
  return (
    object !== undefined && object.metadata.deletionTimestamp === undefined && readiness(object).status === "ready"
  );
}
