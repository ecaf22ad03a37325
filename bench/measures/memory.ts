import { setTimeout as sleep } from "node:timers/promises";
import type { Figure } from "../figure.ts";
import type { Lab } from "../lab.ts";
import { memoryOf } from "../memory-of.ts";
import { drill } from "../run.ts";

/** Memory of the worker's process; the programs that it starts are not counted. */
export async function memory(lab: Lab): Promise<Figure[]> {
  await lab.shop("small");
  const worker = await lab.startWorker();
  const idle = await memoryOf(worker.pid);
  let most = idle;
  const watching = new AbortController();
  const watch = (async () => {
    while (!watching.signal.aborted) {
      const now = await memoryOf(worker.pid);
      if (now.rss > most.rss) most = now;
      await sleep(100);
    }
  })();
  for (let n = 1; n <= (lab.quick ? 1 : 5); n += 1) await drill(lab, "small");
  watching.abort();
  await watch;
  const after = await memoryOf(worker.pid);
  await worker.stop();
  const figure = (id: string, what: string, { rss, pss }: typeof idle): Figure => ({
    id: `memory.${id}`,
    what: `Resident memory of a worker, ${what}`,
    value: rss,
    unit: "MiB",
    note: `${pss.toFixed(0)} MiB without what it shares with others`,
  });
  return [
    figure("idle", "idle", idle),
    figure("drill", "the most in a drill", most),
    figure("after", "after five drills", after),
  ];
}
