import type { StepContext } from "../step.ts";
import { whileProbing } from "../outside/probes.ts";
import { withCluster } from "../kubernetes/session.ts";
import { bringBack, wholeAgain } from "./bring-back.ts";
import { keepVolumes } from "./keep-volumes.ts";
import { expected, keepRecovery, recallInventory, recallRecovery } from "./memory.ts";
import { requireSame } from "./same.ts";
import type { NamespaceInput, Rebuilt } from "./verbs.ts";

type Input = Omit<NamespaceInput, "run">;

/** Lets GitOps make the namespace again, and watches every object come back. @throws NOT_RECOVERED with the root cause */
export async function rebuildNamespace(input: Input, context: StepContext): Promise<Rebuilt> {
  const { component, access } = input;
  const from = new Date().toISOString();
  return await withCluster(access, context, async (session) => {
    const known = await recallInventory(context, component.name);
    const recovery = await recallRecovery(context, component.name);
    requireSame(session, undefined, known);
    if ((component.data ?? []).length > 0 && recovery.dataAt === undefined) {
      recovery.dataAt = from;
      await keepRecovery(context, component.name, recovery);
    }
    await keepVolumes(session, known);
    await whileProbing(component, context, async () =>
      bringBack(input, session, known, recovery, context, wholeAgain(component, context)),
    );
    const seconds = (Date.now() - Date.parse(recovery.lostAt)) / 1_000;
    return {
      waits: [{ from, to: new Date().toISOString() }],
      note: `${expected(known).length} objects are back and ready, ${seconds.toFixed(1)} s after the loss`,
    };
  });
}
