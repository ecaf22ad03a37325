import { execa } from "execa";
import { join } from "node:path";
import { type Figure, median, spread } from "../figure.ts";
import type { Lab } from "../lab.ts";

const program = join(import.meta.dirname, "..", "..", "bin", "firedrill.js");

/** How long one waits for the first line of help, and for a worker. */
export async function start(lab: Lab): Promise<Figure[]> {
  const help: number[] = [];
  const workers: number[] = [];
  // The first fills Node's compile cache, which a person has filled by then, too.
  for (let n = 0; n <= (lab.quick ? 5 : 20); n += 1) {
    const before = performance.now();
    await lab.house.wait(execa(process.execPath, [program, "--help"], { cancelSignal: lab.house.signal }));
    if (n > 0) help.push(performance.now() - before);
  }
  // The first makes the bundle of the workflows.
  for (let n = 0; n <= (lab.quick ? 2 : 5); n += 1) {
    const worker = await lab.startWorker();
    if (n > 0) workers.push(worker.readyAfterMs);
    await worker.stop();
  }
  return [
    {
      id: "start.help",
      what: "`firedrill --help`",
      value: median(help),
      unit: "ms",
      aim: { most: 150 },
      note: spread(help, "ms"),
    },
    {
      id: "start.worker",
      what: "A worker, from its start until it is ready",
      value: median(workers),
      unit: "ms",
      note: spread(workers, "ms"),
    },
  ];
}
