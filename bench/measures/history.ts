import type { Figure } from "../figure.ts";
import type { Lab } from "../lab.ts";
import { drill } from "../run.ts";

/** What a drill leaves in Temporal's history. */
export async function history(lab: Lab): Promise<Figure[]> {
  await lab.shop("small");
  const worker = await lab.startWorker();
  const { workflowId, record } = await drill(lab, "small");
  const handle = (await lab.client()).workflow.getHandle(workflowId);
  const events = (await handle.fetchHistory()).events ?? [];
  const { historySize = 0 } = await handle.describe();
  await worker.stop();
  const steps = record.steps.length;
  return [
    {
      id: "history.events",
      what: "Events of the history, a step",
      value: events.length / steps,
      unit: "events",
      aim: { most: 7 },
      note: `${events.length} events, ${steps} steps`,
    },
    {
      id: "history.bytes",
      what: "Size of the history, a step",
      value: historySize / 1024 / steps,
      unit: "KiB",
      note: `${(historySize / 1024).toFixed(0)} KiB in all`,
    },
  ];
}
